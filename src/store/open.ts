import { openSqlite } from './sqlite/dialect.ts'
import type { Access, Store } from './store.ts'

export type StoreOptions =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string }

/**
 * A file is opened at once; PostgreSQL is connected to by the first query.
 *
 * @throws when the database cannot be opened
 */
export async function openStore(options: StoreOptions, access: Access = 'write'): Promise<Store> {
  if (options.dialect === 'sqlite') return openFile(options.file, access)
  // Most installations never need it.
  const { openPostgres } = await import('./postgres/dialect.ts')
  return openPostgres(options.url)
}

function openFile(file: string, access: Access): Store {
  try {
    return openSqlite(file, access)
  } catch (cause) {
    // SQLite does not say which.
    throw new Error(`cannot open the database ${file}: ${cause instanceof Error ? cause.message : cause}`, {
      cause,
    })
  }
}
