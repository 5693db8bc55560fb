/** A statement on PostgreSQL that is stopped half-way, so that another comes in between. */

import { test } from 'node:test'
import type { Connection, DialectContext } from '../support/database.ts'
import { until } from '../support/until.ts'

/** A test on PostgreSQL alone */
export const onPostgres = (name: string, body: (t: DialectContext) => Promise<void>) =>
  test(name, (t) => body(Object.assign(t, { dialect: 'postgres' as const })))

/** Waits until a statement waits. */
export async function untilWaiting(past: Connection, what: 'advisory' | 'row'): Promise<void> {
  // For a row one waits until the transaction that has it is over.
  const event = what === 'row' ? 'transactionid' : what
  const waiting = `select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock' and wait_event = '${event}'`
  await until(async () => (await past.query(waiting))[0].count > 0, `nobody waits for ${what}`, { every: 5 })
}

/** Whoever loses its connection while it is stopped */
export const cutStopped = (past: Connection) =>
  past.query(`select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and wait_event = 'advisory'`)

/** A statement that comes to such a row stops there. @returns lets it go on */
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
