import type { PoolOptions } from './postgres/pool.ts'
import { openSqlite } from './sqlite/dialect.ts'
import type { Access, Store } from './store.ts'

export type StoreOptions =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string }

/**
 * Opens a database. PostgreSQL is connected to by the first query.
 *
 * @throws when the file cannot be opened
 */
export async function openStore(
  options: StoreOptions,
  access: Access = 'write',
  pool?: PoolOptions,
): Promise<Store> {
  if (options.dialect === 'sqlite') return openFile(options.file, access)
  // Loaded only if needed: most installations use SQLite.
  const { openPostgres } = await import('./postgres/dialect.ts')
  return openPostgres(options.url, pool)
}

function openFile(file: string, access: Access): Store {
  try {
    return openSqlite(file, access)
  } catch (cause) {
    // SQLite's message does not name the file.
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(`cannot open the database ${file}: ${reason}`, { cause })
  }
}
