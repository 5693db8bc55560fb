import type { QueryCreator, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Database, Schema } from '../schema.ts'

/** Of a session's row: another one with each change */
export const rowVersion = sql<unknown>`${sql.ref('sessions.ctid')}`

type WithLockedSessions<Row> = QueryCreator<Schema & { locked: Row & { readonly version: unknown } }>

/**
 * On PostgreSQL: what is asked for, as `locked`, as far as its session's row is free, and locked with it. It waits for
 * nobody: whoever holds one of them may wait for another of them. What was changed since the statement began is locked
 * as it is now, and found only as it was: who goes by `locked.version` leaves it alone.
 *
 * @param rows and their columns
 */
export function withLockedSessions<Row extends { readonly sessionId: string }>(
  db: Database,
  rows: RawBuilder<Row>,
  columns: RawBuilder<unknown>,
  count: number,
): WithLockedSessions<Row> {
  const query = db
    .with('presented', (presented) =>
      presented
        .selectFrom(rows.as<'given'>(columns))
        .selectAll()
        // Nothing is left out: it makes PostgreSQL plan for few rows, which it looks up one by one.
        .limit(count),
    )
    .with('locked', (locked) =>
      locked
        .selectFrom('presented')
        .innerJoin('sessions', 'sessions.id', 'presented.sessionId')
        .selectAll('presented')
        .select(rowVersion.as('version'))
        .forNoKeyUpdate('sessions')
        .skipLocked(),
    )
  // Kysely cannot tell it of a type parameter.
  return query as unknown as WithLockedSessions<Row>
}
