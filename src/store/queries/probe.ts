import { sql } from 'kysely'
import { DEFAULT_MIGRATION_LOCK_TABLE } from 'kysely/migration'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'

// The column of Kysely's table holds 255 characters.
const MARK = 'probe'.padEnd(200, '.')
// About ten pages, and as many of the index. A rotation changes four: on a nearly full disk, a smaller probe could
// succeed where a rotation fails.
const ROWS = 200

// Changes no row, but needs the lock of the table. Prepared as those of requests are: a pooler may not allow that.
const touch = prepared((db, { id }: { readonly id: string }) =>
  db.updateTable('sessions').set({ refresh_count: 0 }).where('id', '=', id),
)

/** Writes at least as much as any request and deletes it again. @throws the error of any other write */
export async function probeWriting(db: Database): Promise<void> {
  const table = sql.table(DEFAULT_MIGRATION_LOCK_TABLE)
  const values = Array.from({ length: ROWS }, (_, row) => sql`(${`${MARK}${row}`}, 0)`)
  await sql`insert into ${table} (id, is_locked) values ${sql.join(values)} on conflict do nothing`.execute(
    db,
  )
  await sql`delete from ${table} where id like 'probe.%'`.execute(db)
  await touch(db, { id: '' })
}
