import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { PoolClient } from 'pg'
import { DatabaseError, Pool, types } from 'pg'
import { statementName } from '../statement.ts'
import type { PoolState } from '../store.ts'
import { isConnectionLost, isPassing, QUERY_TIMEOUT } from './errors.ts'

/**
 * A statement takes about a millisecond: a process is at the end of its one CPU before it keeps ten connections busy,
 * and nine such processes fit into the 100 that a server takes by default.
 */
const POOL_SIZE = 10

// Milliseconds. A request that cannot be served is told so, 503, within 5 s, and its client comes again: to wait for a
// connection and then for a statement may take so long, together.
const TIMEOUTS = {
  /** For a free connection of the pool, or for a new one */
  connectionTimeoutMillis: 2500,
  /** Longer than the server's `deadlock_timeout` of 1 s: a deadlock is to be found as such. */
  lock_timeout: 1500,
  statement_timeout: 2300,
  /** When it keeps none of those above */
  query_timeout: QUERY_TIMEOUT,
  /** A process that stands still must not keep the rows of its transaction locked. */
  idle_in_transaction_session_timeout: 5000,
}
const HOUR = 3_600_000

const INT8 = 20

// Of this pool alone: pg's own table of parsers belongs to the whole program. Our numbers are far below 2^53.
const parsers: Pick<typeof types, 'getTypeParser'> = {
  getTypeParser: (oid, format) => (Number(oid) === INT8 ? Number : types.getTypeParser(oid, format)),
}

// What the server or the database may be set to otherwise. Our statements are written for READ COMMITTED; what was
// answered is on disk (`synchronous_commit`: all but `off` is as good); and usernames have all characters.
const PREPARE = `select
  set_config('default_transaction_isolation', 'read committed', false),
  case current_setting('synchronous_commit') when 'off' then set_config('synchronous_commit', 'on', false) end,
  current_setting('server_encoding') as encoding`

async function prepare(client: Pick<PoolClient, 'query'>): Promise<void> {
  const { rows } = await client.query<{ encoding: string }>(PREPARE)
  if (rows[0]?.encoding !== 'UTF8') throw new Error('the encoding of the database has to be UTF8')
}

/** What Kysely uses of a pool, and a few things that it and pg leave to us. */
export interface GuardedPool extends PostgresPool {
  /** While the database is migrated statements take as long as they take. */
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
    onConnect: prepare,
  })
  // A connection that is lost says so here, and without a listener the process would end. The pool has a new one made
  // when it is needed, and a request that it was lost under fails by itself.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const unreachable = new WeakSet<object>()

  const guarded: GuardedPool = {
    options: {}, // Kysely would connect past the pool with them, to cancel queries; they hold the password.
    isPatient: false,
    isUnavailable: (error) =>
      pool.ending || isPassing(error) || (error instanceof Error && unreachable.has(error)),
    async connect() {
      try {
        return guardClient(await pool.connect(), guarded)
      } catch (error) {
        // Whatever the reason is: no route, no room, a wrong password.
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
      // It repeats rows, with hashes and addresses, and errors are logged.
      if (error instanceof DatabaseError) error.detail = undefined
      throw error
    }
  }
  return {
    query: query as unknown as PostgresPoolClient['query'],
    release: (destroy) => client.release(destroy === true || isLost),
  }
}
