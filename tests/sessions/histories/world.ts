/** The real service of a history: HTTP with each combination of settings, on one database. */
import assert from 'node:assert/strict'
import { hash } from '@node-rs/argon2'
import { sql } from 'kysely'
import pino from 'pino'
import { createApp } from '../../../src/http/app.ts'
import type { Core } from '../../../src/http/core.ts'
import { listen } from '../../../src/http/server/listen.ts'
import type { DialectContext } from '../../support/database.ts'
import { connect } from '../../support/database.ts'
import type { Service } from '../../support/service.ts'
import { client, MINUTE, startService } from '../../support/service.ts'
import type { Model } from '../model.ts'
import type { Rules, Texts } from './words.ts'

// Short, so that the deadlines of a history overlap.
const TIMES = {
  accessTokenTtl: 20 * MINUTE,
  refreshTokenTtl: 45 * MINUTE + 456,
  sessionMaxAge: 64 * MINUTE + 789,
}

/** With and without rotation, grace and exchange: a history restarts the service with any of them. */
export const RULES: readonly Rules[] = [true, false].flatMap((rotation) =>
  (
    [
      [30_000, 15 * MINUTE, 'end'],
      [30_000, 0, 'report'],
      [0, 15 * MINUTE, 'end'],
    ] as const
  ).flatMap(([grace, lateRetry, sharedTokens]) =>
    (
      [
        [60 * MINUTE, 'all'],
        [60 * MINUTE, 'unrotated'],
        [0, 'all'],
      ] as const
    ).map(([exchangeWindow, exchangeSessions]) => ({
      ...TIMES,
      ...{ rotation, grace, lateRetry, sharedTokens, exchangeWindow, exchangeSessions },
    })),
  ),
)
export const LENIENT = RULES[0] as Rules

export const PASSWORDS = ['the first password', 'the second password'] as const

/** Columns of `sessions` that the rules affect */
export interface Row {
  readonly id: string
  readonly user_id: string
  readonly generation: number
  readonly start_generation: number
  readonly created_at: number
  readonly rotated_at: number
  readonly refreshed_at: number
  readonly refresh_count: number
  readonly expires_at: number
  readonly absolute_expires_at: number
  readonly revoked_at: number | null
  readonly revoked_reason: string | null
  readonly lineage: string | null
}

export interface UserRow {
  readonly id: string
  readonly deactivated_at: number | null
}

/** The users of the model, by id */
export interface Rows {
  readonly sessions: readonly Row[]
  readonly users: readonly UserRow[]
}

export interface World {
  /** The number of times that each line of the rules was reached */
  readonly reached: Map<string, number>
  /** The number of times that requests were in flight at once */
  together: number
  readonly service: Service
  /** Sends requests to the service that runs with these rules */
  readonly under: (rules: Rules) => ReturnType<typeof client>['request']
  /** The context for the functions of `src/sessions` */
  readonly core: (rules: Rules) => Core
  /** Cheaper than those of the service, so that the first login replaces the hash */
  readonly cheapHash: (password: string) => string
  /** Reads with a separate connection */
  readonly rows: (model: Model) => Promise<Rows>
}

export async function openWorld(t: DialectContext): Promise<World> {
  const password = { minLength: 8, memory: 8, iterations: 2 }
  // Keys of it change. Its signatures are deterministic, so that a repetition has the same bytes.
  const service = await startService(t, { ...TIMES, password, accessTokenAlgorithm: 'EdDSA' })
  // No power cut happens here. The tests in tests/store check that commits are on disk.
  if (t.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(service.core.db)
  const silent = pino({ level: 'silent' })
  const cores = new Map<Rules, Core>()
  const requests = new Map<Rules, ReturnType<typeof client>['request']>()
  for (const rules of RULES) {
    const settings = { ...service.core.settings, ...rules }
    const core = { ...service.core, settings, log: silent }
    const listener = await listen(createApp(core), settings, core)
    t.after(() => listener.close(0))
    cores.set(rules, core)
    requests.set(rules, client(listener.url).request)
  }
  const hashes = new Map<string, string>()
  for (const password of PASSWORDS) {
    const cheap = { algorithm: 2, memoryCost: 8, timeCost: 1, parallelism: 1 }
    hashes.set(password, await hash(password, cheap))
  }
  const reader = await connect(service.database)
  t.after(() => reader.close())
  const isOneOf = {
    sqlite: 'in (select value from json_each(?))',
    postgres: 'in (select json_array_elements_text($1::json))',
  }
  const sessions = `select id, user_id, generation, start_generation, created_at, rotated_at, refreshed_at, refresh_count, expires_at,
       absolute_expires_at, revoked_at, revoked_reason, lineage
     from sessions where user_id ${isOneOf[t.dialect]} order by id`
  const users = `select id, deactivated_at from users where id ${isOneOf[t.dialect]} order by id`
  return {
    reached: new Map(),
    together: 0,
    service,
    under: (rules) => found(requests.get(rules)),
    core: (rules) => found(cores.get(rules)),
    cheapHash: (password) => found(hashes.get(password)),
    async rows(model) {
      const ids = JSON.stringify(model.users.map(({ id }) => id))
      return { sessions: await reader.query(sessions, [ids]), users: await reader.query(users, [ids]) }
    },
  }
}

/** One history: its own users, and a record of its events for readers of a counterexample. */
export interface History {
  readonly world: World
  /** Makes usernames unique among histories */
  readonly prefix: string
  readonly journal: string[]
  texts: Texts
  /** The last generation seen of each session */
  readonly generations: Map<string, number>
}

function found<T>(value: T | undefined): T {
  assert.ok(value !== undefined)
  return value
}
