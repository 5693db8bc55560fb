import { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import type { ClientConfig, PoolClient } from 'pg'
import { Client, Pool, types } from 'pg'
import type { PoolState } from '../store.ts'
import { isPassing, isSilent, QUERY_TIMEOUT } from './errors.ts'
import type { Execution } from './guard.ts'
import { GuardedClient } from './guard.ts'
import { findsPooler, setting, withoutTimeouts } from './server-settings.ts'

export interface PoolOptions {
  /** The maximum number of connections */
  readonly size: number
  /** Whether statements are prepared; `auto`: unless there is a pooler */
  readonly preparedStatements: 'auto' | 'on' | 'off'
}

const DEFAULTS: PoolOptions = { size: 10, preparedStatements: 'auto' }

// Milliseconds
/** For a free or a new connection */
const CONNECTION_TIMEOUT = 2500
/** After this time without an answer, one connection is given up, and then one more each time */
const SILENCE = 15_000

// Parsers of this pool only, because pg's own table is global. Our numbers are far below 2^53.
const parsers: Pick<typeof types, 'getTypeParser'> = {
  getTypeParser: (oid, format) => (oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)),
}

/** The pool that Kysely uses, with the handling of errors that Kysely and pg leave to us. */
export interface GuardedPool extends PostgresPool {
  /** True during migrations: statements may take up to an hour. */
  isPatient: boolean
  isUnavailable(error: unknown): boolean
  state(): PoolState
}

export function openPool(given: string, { size, preparedStatements }: PoolOptions = DEFAULTS): GuardedPool {
  const { url, timeouts } = withoutTimeouts(given)
  let hasPooler = preparedStatements === 'off'
  let isMixedUp = false
  const closing = new AbortController()
  let lastTurn = Promise.resolve()

  // One after the other: otherwise a server that hangs would get as many new connections every time.
  function patience(signal: AbortSignal): Promise<void> {
    const either = AbortSignal.any([signal, closing.signal])
    lastTurn = lastTurn.then(() => pause(SILENCE, undefined, { signal: either, ref: false })).catch(() => {})
    return lastTurn
  }

  // Behind a pooler, a session setting would hold for one server connection only, and for the next client that gets it.
  async function prepare(client: Pick<PoolClient, 'query'>): Promise<void> {
    try {
      hasPooler = (await findsPooler(client)) || hasPooler
      if (!hasPooler) await client.query(setting(timeouts, false))
    } catch (error) {
      if (isSilent(error)) holdPlace()
      throw error
    }
  }

  const pool = new Pool({
    connectionString: url,
    max: size,
    connectionTimeoutMillis: CONNECTION_TIMEOUT,
    // For a server that hangs and does not apply its own timeouts
    query_timeout: QUERY_TIMEOUT,
    application_name: 'rekindle',
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    types: parsers,
    onConnect: prepare, // The pool waits for it, although pg's types return void.
    Client: clientWith(holdPlace),
  })
  // Without a listener, a lost connection would end the process. The pool opens a new connection when needed, and the
  // query on the lost one fails by itself.
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  const unreachable = new WeakSet<object>()

  // A server that accepted the connection and fell silent may still have a process for it.
  function holdPlace(): void {
    pool.options.max--
    void patience(closing.signal).then(() => {
      pool.options.max++
    })
  }

  const execution: Execution = {
    get isPrepared() {
      return !isMixedUp && (preparedStatements === 'on' || !hasPooler)
    },
    onMixedUp() {
      isMixedUp = true
      hasPooler = true
    },
    get settings() {
      return hasPooler ? setting(timeouts, true) : undefined
    },
    get isPatient() {
      return guarded.isPatient
    },
    patience,
  }
  const guarded: GuardedPool = {
    options: {}, // With options, which contain the password, Kysely would open its own connections to cancel queries.
    isPatient: false,
    isUnavailable: (error) =>
      pool.ending || isPassing(error) || (error instanceof Error && unreachable.has(error)),
    async connect() {
      try {
        // Kysely's type also has a form of `query` for cursors, which we do not use.
        return new GuardedClient(await pool.connect(), execution) as unknown as PostgresPoolClient
      } catch (error) {
        // For any reason: no route, too many connections, a wrong password.
        if (error instanceof Error) unreachable.add(error)
        throw error
      }
    },
    state: () => ({ total: pool.totalCount, idle: pool.idleCount, waiting: pool.waitingCount }),
    async end() {
      closing.abort()
      if (!pool.ending) await pool.end()
    },
  }
  return guarded
}

/** @param onSilence called when we close a connection that was accepted, but whose login the server did not finish */
const clientWith = (onSilence: () => void) =>
  class extends Client {
    constructor(config?: ClientConfig) {
      const socket = new Socket()
      super({ ...config, stream: () => socket })
      let isLoggedIn = false
      this.once('connect', () => {
        isLoggedIn = true
      })
      socket.once('connect', () => {
        // Before pg's listener, after which the pool opens the next connection.
        socket.prependOnceListener('close', () => {
          if (!isLoggedIn && !socket.readableEnded && socket.errored === null) onSilence()
        })
      })
    }
  }
