import { sql } from 'kysely'
import type { Database } from '../schema.ts'

export interface Wanted {
  readonly sessionId: string
  readonly userId: string
}

// PostgreSQL takes a bare parameter in a select list for text.
const text = (value: string) => sql<string>`cast(${value} as text)`

/**
 * A session and its user as a table of one row, that both are joined to. SQLite looks at what an indexed column of a
 * join is compared with, and plans the whole statement anew for each value that is bound, which takes four times as
 * long as the statement.
 */
const withWanted = (db: Database, { sessionId, userId }: Wanted) =>
  db.with('wanted', (wanted) =>
    wanted.selectNoFrom([text(sessionId).as('sessionId'), text(userId).as('userId')]),
  )

/** The user, and that session of theirs if there is one. */
export const selectWanted = (db: Database, wanted: Wanted) =>
  withWanted(db, wanted)
    .selectFrom('wanted')
    .innerJoin('users', 'users.id', 'wanted.userId')
    .leftJoin('sessions', (join) =>
      join.onRef('sessions.id', '=', 'wanted.sessionId').onRef('sessions.user_id', '=', 'users.id'),
    )
