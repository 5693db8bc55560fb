import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { SQLITE_TEMPLATE } from './database.ts'
import { temporaryDirectory } from './temporary.ts'

/** Makes the file that those of the tests are copies of. @returns what removes it */
export async function makeTemplate(): Promise<() => void> {
  const directory = temporaryDirectory('template')
  const file = join(directory, 'rekindle.db')
  const store = await openStore({ dialect: 'sqlite', file })
  await migrate(store.db)
  await store.close()
  process.env[SQLITE_TEMPLATE] = file
  return () => rmSync(directory, { recursive: true, force: true })
}
