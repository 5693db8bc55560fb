/** What the server has to be told for each connection, or behind a pooler for each transaction. */
import type { PoolClient } from 'pg'

// Milliseconds. Waiting for a connection and then for a statement takes at most 5 s. Then the request gets 503, and its
// client retries.
const TIMEOUTS = {
  /** Longer than the server's `deadlock_timeout` of 1 s, so that the server detects deadlocks first */
  lock_timeout: '1500',
  statement_timeout: '2300',
  /** A process that hangs must not keep rows locked. */
  idle_in_transaction_session_timeout: '5000',
}

export type Timeouts = typeof TIMEOUTS

/**
 * Takes our timeouts out of the parameters of a URL. pg would send them when it connects, which PgBouncer refuses.
 *
 * @returns the rest of the URL, and the timeouts
 */
export function withoutTimeouts(url: string): { readonly url: string; readonly timeouts: Timeouts } {
  const rest = new URL(url)
  const timeouts = { ...TIMEOUTS }
  let isChanged = false
  for (const name of Object.keys(TIMEOUTS) as (keyof Timeouts)[]) {
    const value = rest.searchParams.get(name)
    if (value === null) continue
    timeouts[name] = value
    rest.searchParams.delete(name)
    isChanged = true
  }
  // The URL may be one that the parser would write in another way.
  return { url: isChanged ? rest.href : url, timeouts }
}

// A pooler answers with process ids of its own. Usernames may contain any character.
const ASK = `select pg_backend_pid() as pid, current_setting('server_encoding') as encoding`

/** @returns whether there is a pooler between us and the server */
export async function findsPooler(client: Pick<PoolClient, 'query'>): Promise<boolean> {
  const { rows } = await client.query<{ pid: number; encoding: string }>(ASK)
  if (rows[0]?.encoding !== 'UTF8') throw new Error('the encoding of the database has to be UTF8')
  return rows[0].pid !== (client as { readonly processID?: number }).processID
}

/**
 * A statement that sets what a server or database may have changed. Our statements are written for READ COMMITTED. Answered
 * changes must be on disk: every `synchronous_commit` except `off` ensures that.
 *
 * @param isLocal for the current transaction only
 */
export function setting(timeouts: Timeouts, isLocal: boolean): string {
  const quoted = (value: string) => `'${value.replaceAll("'", "''")}'`
  const set = (name: string, value: string) => `set_config('${name}', ${quoted(value)}, ${isLocal})`
  return `select ${[
    ...Object.entries(timeouts).map(([name, value]) => set(name, value)),
    // A transaction has its level since it began.
    ...(isLocal ? [] : [set('default_transaction_isolation', 'read committed')]),
    `case current_setting('synchronous_commit') when 'off' then ${set('synchronous_commit', 'on')} end`,
  ].join(', ')}`
}
