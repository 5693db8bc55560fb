import { sql } from 'kysely'
import type { Database } from '../schema.ts'

// This table is not in the schema. `rekindle copy` creates it, and the service drops it on its first start. It gets a row
// when the copy is finished.
const TABLE = 'rekindle_copy'

/** Whether only `rekindle copy` has written to this database. */
export async function isCopy(db: Database): Promise<boolean> {
  return (await db.introspection.getTables()).some(({ name }) => name === TABLE)
}

export async function markUnfinished(db: Database): Promise<void> {
  await sql`create table if not exists ${sql.table(TABLE)} (finished_at bigint not null)`.execute(db)
  await sql`delete from ${sql.table(TABLE)}`.execute(db)
}

/** @param now milliseconds since the epoch */
export async function markFinished(db: Database, now: number): Promise<void> {
  await sql`insert into ${sql.table(TABLE)} (finished_at) values (${now})`.execute(db)
}

/** @throws when the database is a copy that is not finished, because users and sessions may be missing */
export async function refuseUnfinished(db: Database): Promise<void> {
  if (!(await isCopy(db))) return
  const { rows } = await sql`select finished_at from ${sql.table(TABLE)}`.execute(db)
  if (rows.length === 0)
    throw new Error('the database is a copy that was not finished: run rekindle copy again')
}

/**
 * Makes a copy an independent database, which `rekindle copy` no longer overwrites.
 *
 * @throws when the copy is not finished, because missing users and sessions would be logged out
 */
export async function takeOver(db: Database): Promise<void> {
  if (!(await isCopy(db))) return
  await refuseUnfinished(db)
  await sql`drop table if exists ${sql.table(TABLE)}`.execute(db)
}
