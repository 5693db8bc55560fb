import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { PoolClient } from 'pg'
import { DatabaseError, Pool, types } from 'pg'
import { statementName } from '../statement.ts'
import type { PoolState } from '../store.ts'
import { isConnectionLost, isPassing, QUERY_TIMEOUT } from './errors.ts'

// A statement takes about a millisecond, so one process cannot keep more than ten connections busy with its single CPU.
// Nine such processes fit into the server's default limit of 100 connections.
const POOL_SIZE = 10

// Milliseconds. Waiting for a connection and then for a statement takes at most 5 s. Then the request gets 503, and its
// client retries.
const TIMEOUTS = {
  /** For a free or a new connection */
  connectionTimeoutMillis: 2500,
  /** Longer than the server's `deadlock_timeout` of 1 s, so that the server detects deadlocks first */
  lock_timeout: 1500,
  statement_timeout: 2300,
  /** For a server that hangs and does not apply the two timeouts above */
  query_timeout: QUERY_TIMEOUT,
  /** A process that hangs must not keep rows locked. */
  idle_in_transaction_session_timeout: 5000,
}
const HOUR = 3_600_000

// Parsers of this pool only, because pg's own table is global. Our numbers are far below 2^53.
const parsers: Pick<typeof types, 'getTypeParser'> = {
  getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)),
}

// Settings that a server or database may have changed. Our statements are written for READ COMMITTED. Answered changes
// must be on disk: every `synchronous_commit` except `off` ensures that. Usernames may contain any character.
const PREPARE = `select
  set_config('default_transaction_isolation', 'read committed', false),
  case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', false) end,
  current_setting('server_encoding') as encoding`

async function prepare(client: Pick<PoolClient, 'query'>): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(PREPARE)
  if (rows[0]?.encoding !== 'UTF8') throw new Error('the encoding of the database has to be UTF8')
}

/** The pool that Kysely uses, with the handling of errors that Kysely and pg leave to us. */
export interface GuardedPool extends PostgresPool {
  /** True during migrations: statements may take up to an hour. */
  isPatient: boolean
  isUnavailable(error: unknown): boolean
  state(): PoolState
}

export function openPool(url: string): GuardedPool {
  const pool = new Pool({
    connectionString: url,
    max: POOL_SIZE,
    ...TIMEOUTS,
    application_name: 'rekindle',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: parsers,
    onConnect: prepare, // The pool waits for it, although pg's types return void.
  })
  // Without a listener, a lost connection would end the process. The pool opens a new connection when needed, and the
  // query on the lost one fails by itself.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const unreachable = new WeakSet<object>()

  const guarded: GuardedPool = {
    options: {}, // With options, which contain the password, Kysely would open its own connections to cancel queries.
    isPatient: false,
    isUnavailable: (error) =>
      pool.ending || isPassing(error) || (error instanceof Error && unreachable.has(error)),
    async connect() {
      try {
        return guardClient(await pool.connect(), guarded)
      } catch (error) {
        // For any reason: no route, too many connections, a wrong password.
        if (error instanceof Error) unreachable.add(error)
        throw error
      }
    },
    state: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    async end() {
      if (!pool.ending) await pool.end()
    },
  }
  return guarded
}

function guardClient(client: PoolClient, pool: GuardedPool): PostgresPoolClient {
  let isLost = false
  const query = async (text: string, values: readonly unknown[]) => {
    try {
      return await client.query({
        text,
        values: [...values],
        name: statementName(text),
        ...(pool.isPatient && { query_timeout: HOUR }),
      })
    } catch (error) {
      isLost ||= isConnectionLost(error)
      // Errors are logged, and the detail repeats rows with hashes and addresses.
      if (error instanceof DatabaseError) error.detail = undefined
      throw error
    }
  }
  return {
    // Kysely's type also has a form for cursors, which we do not use.
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy === true || isLost),
  }
}
