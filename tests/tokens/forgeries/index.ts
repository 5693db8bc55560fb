/** One list for two levels: forgeries.test.ts tests the verification with it, tests/security the service. */
import './headers.ts'
import './key-confusion.ts'
import './claims.ts'
import './texts.ts'

export type { Attack, Forgery, Original } from './attack.ts'
export { attacks, NAMES } from './attack.ts'
