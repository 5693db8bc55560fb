import { sql } from 'kysely'
import type { Database } from '../schema.ts'

// Not in the schema: only a database that `rekindle copy` made has it, and only until the service takes it over. Empty,
// the copy is not finished; with a row, it is.
const TABLE = 'rekindle_copy'

/** Whether nobody but copies has written to this database. */
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

/**
 * From here on the database is one of its own, and what is in it is not just a copy.
 *
 * @throws when the copy is not finished: users that are not there yet would be logged out
 */
export async function takeOver(db: Database): Promise<void> {
  if (!(await isCopy(db))) return
  const { rows } = await sql`select finished_at from ${sql.table(TABLE)}`.execute(db)
  if (rows.length === 0)
    throw new Error('the database is a copy that was not finished: run rekindle copy again')
  await sql`drop table if exists ${sql.table(TABLE)}`.execute(db)
}
