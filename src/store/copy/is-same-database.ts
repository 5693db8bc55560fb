import { randomInt } from 'node:crypto'
import { sql } from 'kysely'
import type { Database } from '../schema.ts'
import { isPostgres } from '../schema.ts'

/** Whether two connections lead to one PostgreSQL database: then they cannot both hold the same advisory lock. */
export async function isSameDatabase(one: Database, other: Database): Promise<boolean> {
  if (!isPostgres(one) || !isPostgres(other)) return false
  const lock = sql<{
    taken: boolean
  }>`select pg_try_advisory_xact_lock(${randomInt(2 ** 47)}::bigint) as taken`
  return one.transaction().execute(async (trx) => {
    await lock.execute(trx)
    const { rows } = await lock.execute(other)
    return rows[0]?.taken === false
  })
}
