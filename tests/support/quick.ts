/** `npm run test:quick`: in place of global.ts, with SQLite alone. */
import { shareCompiled } from './compile-cache.ts'
import { makeTemplate } from './sqlite-template.ts'

let removeTemplate = () => {}

export async function globalSetup(): Promise<void> {
  shareCompiled()
  process.env['TEST_DIALECT'] = 'sqlite'
  removeTemplate = await makeTemplate()
}

export function globalTeardown(): void {
  removeTemplate()
}
