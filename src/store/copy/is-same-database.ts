import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'

/** Whether two connections use the same PostgreSQL database. Then they cannot both hold an advisory lock. */
export async function isSameDatabase(first: Database, second: Database): Promise<boolean> {
  if (!isPostgres(first) || !isPostgres(second)) return false
  const lock = sql<{
    taken: boolean
  }>`select pg_try_advisory_xact_lock(${randomInt(2 ** 47)}::bigint) as taken`
  return first.transaction().execute(async (trx) => {
    await lock.execute(trx)
    const { rows } = await lock.execute(second)
    return rows[0]?.taken === false
  })
}
