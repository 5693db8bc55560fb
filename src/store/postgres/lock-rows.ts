import type { QueryCreator, RawBuilder } from 'kysely'
import { sql } from 'kysely'
import type { Database, Schema } from '../schema.ts'

/** The version of a session's row, which each change replaces */
export const rowVersion = sql<unknown>`${sql.ref('sessions.ctid')}`

type WithLockedSessions<Row> = QueryCreator<Schema & { locked: Row & { readonly version: unknown } }>

/**
 * On PostgreSQL: locks the sessions of the given rows and provides both as the CTE `locked`.
 *
 * It skips rows that another transaction has locked. Waiting for them could cause a deadlock, because the other
 * transaction may wait for one of ours.
 *
 * A row that changed since the statement began is locked in its new version, but the rest of the statement still sees the
 * old one. Joining on `locked.version` excludes such rows.
 *
 * @param rows an expression with a row for each session
 * @param columns the alias of `rows`, with the names of its columns
 * @param count the number of rows
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
        // Omits nothing, but makes PostgreSQL plan for few rows, which it looks up one by one.
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
  // Kysely cannot derive this type from a type parameter.
  return query as unknown as WithLockedSessions<Row>
}
