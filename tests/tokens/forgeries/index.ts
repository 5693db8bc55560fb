/** One list for all levels: forgeries.test.ts holds it against the verification, tests/security against the service. */
import './headers.ts'
import './claims.ts'
import './texts.ts'

export type { Attack, Forgery, Original } from './attack.ts'
export { attacks, NAMES } from './attack.ts'
