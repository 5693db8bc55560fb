import { openSqlite } from './sqlite.ts'
import type { Store } from './store.ts'

export type StoreOptions =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string }

/** @throws when the database cannot be opened */
export function openStore(options: StoreOptions): Store {
  if (options.dialect === 'postgres') throw new Error('PostgreSQL is not supported yet: use sqlite:<file>')
  return openSqlite(options.file)
}
