/** Stops a statement on PostgreSQL half-way, so that another one runs meanwhile. */

import { test } from 'node:test'
import type { Connection, DialectContext } from '../support/database.ts'
import { until } from '../support/until.ts'

/** A test only on PostgreSQL */
export const onPostgres = (name: string, body: (t: DialectContext) => Promise<void>) =>
  test(name, (t) => body(Object.assign(t, { dialect: 'postgres' as const })))

/** Waits until a statement waits for a lock. */
export async function untilWaiting(past: Connection, what: 'advisory' | 'row'): Promise<void> {
  // To wait for a row is to wait for the transaction that has locked it.
  const event = what === 'row' ? 'transactionid' : what
  const waiting = `select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and wait_event = '${event}'`
  await until(async () => (await past.query(waiting))[0].count > 0, `nobody waits for ${what}`, { every: 5 })
}

/** Cuts the connection whose statement is stopped. */
export const cutStopped = (past: Connection) =>
  past.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event = 'advisory'`)

/** A statement that reaches such a row stops there. @returns a function that lets it continue */
export async function stopBefore(
  past: Connection,
  operation: 'update on sessions' | 'insert on revoked_tokens',
  condition: string,
) {
  await past.query(`create function stop() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(1); return new; end $$`)
  await past.query(`create trigger stop before ${operation} for each row
    when (${condition}) execute function stop()`)
  await past.query('select pg_advisory_lock(1)')
  return () => past.query('select pg_advisory_unlock(1)')
}
