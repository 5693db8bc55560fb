/** A service of its own for a test: a real database file, real HTTP on a free port, and a clock that a test turns. */
import { PassThrough } from 'node:stream'
import type { TestContext } from 'node:test'
import pino from 'pino'
import type { Secrets, Settings } from '../../src/config/settings.ts'
import { readSettings } from '../../src/config/settings.ts'
import type { Answer, Request } from '../../src/conform/request.ts'
import { methodOf, send } from '../../src/conform/request.ts'
import { createApp } from '../../src/http/app.ts'
import type { Core } from '../../src/http/core.ts'
import { createCore } from '../../src/http/core.ts'
import { listen } from '../../src/http/server/listen.ts'
import { createQueue } from '../../src/users/queue.ts'
import { checkResponse } from './check-response.ts'
import type { Dialect } from './database.ts'
import { freshDatabase } from './database.ts'
import {
  ADMIN_TOKEN,
  DAY,
  INTROSPECTION_TOKEN,
  MINUTE,
  PASSWORD,
  REVOCATIONS_TOKEN,
  SECRET,
} from './values.ts'

export {
  ADMIN_TOKEN,
  DAY,
  INTROSPECTION_TOKEN,
  MINUTE,
  PASSWORD,
  REVOCATIONS_TOKEN,
  SECRET,
  STRONG_SECRET,
} from './values.ts'

/** What a hash costs by default; services of tests take less. */
export const FULL_COST = { memory: 19_456, iterations: 2 }

const DEFAULTS: Omit<Settings, 'database'> = {
  production: false,
  host: '127.0.0.1',
  port: 0,
  metrics: undefined,
  drain: 0,
  pool: { size: 10, preparedStatements: 'auto' },
  publicUrl: undefined,
  issuer: undefined,
  audience: undefined,
  clientId: undefined,
  accessTokenAlgorithm: 'HS256',
  signingKeyRotation: 90 * DAY,
  accessTokenTtl: 30 * MINUTE,
  refreshTokenTtl: 30 * DAY,
  sessionMaxAge: 90 * DAY,
  sessionsPerUser: 100,
  rotation: true,
  grace: 30_000,
  lateRetry: 72 * 60 * MINUTE,
  sharedTokens: 'end',
  dbsc: 'off',
  bindsAccessTokens: false,
  exchangeWindow: 1440 * MINUTE,
  exchangeSessions: 'all',
  // Argon2id as ever, but not so dear: tests log in by the thousand. See FULL_COST.
  password: { minLength: 8, memory: 64, iterations: 1 },
  passwordResetTtl: 30 * MINUTE,
  eventsRetention: 90 * DAY,
  keepEventsOfDeleted: false,
  webhook: undefined,
  registration: 'open',
  cookie: { name: 'refresh_token', secure: false, sameSite: 'Strict' },
  corsOrigins: [],
  corsAllowedHeaders: ['traceparent', 'sentry-trace'],
  trustProxy: false,
  // Tests of limits set their own; all others measure what they measured.
  limits: {
    loginAddress: false,
    loginAccount: false,
    loginDelay: false,
    registerAddress: false,
    passwordAddress: false,
    sessionsUser: false,
    sessionsAddress: false,
    refreshSession: false,
    refreshUser: false,
    failuresAddress: false,
  },
  adoption: undefined,
  logLevel: 'trace',
  logProbes: true,
}

export const NO_LIMITS = DEFAULTS.limits

/** As they are when nobody sets them */
export const LIMITS = readSettings({}).limits

/** Milliseconds since the epoch, standing still until a test moves it. */
export interface Clock {
  now: number
}

/** The system's, for clients that measure by it. */
export const realClock: Clock = {
  get now() {
    return Date.now()
  },
  set now(_) {
    throw new TypeError('this clock runs by itself')
  },
}

export type { Answer, Request }

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
}

export interface Service {
  readonly url: string
  readonly database: Settings['database']
  /** The database's, with SQLite */
  readonly file: string
  readonly core: Core
  readonly clock: Clock
  /** All that was logged, at every level */
  readonly logged: () => string
  request(path: string, request?: Request): Promise<Answer>
  register(username?: string): Promise<{ id: string; username: string }>
  login(username?: string): Promise<Tokens>
  /** A login that may be refused */
  tryLogin(password?: string, username?: string, request?: Request): Promise<Answer>
  refresh(refreshToken: string): Promise<Answer>
  exchange(accessToken: string): Promise<Answer>
  /** The database stays until the end of the test */
  stop(): Promise<void>
}

/** Started anew for each test and closed after it, on the dialect of the test. */
export async function startService(
  t: Pick<TestContext, 'after'> & { readonly dialect?: Dialect },
  overrides: Partial<Settings> = {},
  clock: Clock = { now: Date.UTC(2026, 10, 22, 8, 0, 0, 123) },
  dialect: Dialect = t.dialect ?? 'sqlite',
  secrets: Partial<Secrets> = {},
): Promise<Service> {
  const lines: string[] = []
  const sink = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  let close = async () => {}
  let stopped: Promise<void> | undefined
  const stop = () => {
    stopped ??= close()
    return stopped
  }
  // Before the database goes: what is registered first is done first.
  t.after(() => stop())
  const database = overrides.database ?? (await freshDatabase(t, dialect))
  const settings: Settings = { ...DEFAULTS, ...overrides, database }
  const core = await createCore({
    settings,
    secrets: {
      ...{ current: SECRET, previous: [], admin: Buffer.from(ADMIN_TOKEN) },
      ...{ revocations: Buffer.from(REVOCATIONS_TOKEN), introspection: Buffer.from(INTROSPECTION_TOKEN) },
      ...secrets,
    },
    log: pino({ level: settings.logLevel }, sink),
    now: () => clock.now,
  })
  waitPatiently(core)
  const listener = await listen(createApp(core), settings, core)
  close = () => listener.close(1000).then(() => core.store.close())
  return {
    ...client(listener.url),
    url: listener.url,
    database,
    file: database.dialect === 'sqlite' ? database.file : '',
    core,
    clock,
    logged: () => lines.join(''),
    stop,
  }
}

/** A busy machine would exceed the limit of time in the queue of passwords, which tests/users/queue.test.ts tests. */
export function waitPatiently(core: Core): void {
  const { concurrency } = core.passwords
  const options = { length: 64, maxWait: Number.POSITIVE_INFINITY, cost: () => 0 }
  override(core, { turns: createQueue({ concurrency: concurrency + 1, ...options }) })
}

/** Another part in the place of one, until the end of the test. */
export function override(core: Core, parts: Partial<Core>): void {
  Object.assign(core, parts)
}

/** Requests whose answers are checked against the contract. */
export function client(url: string) {
  async function request(path: string, options: Request = {}): Promise<Answer> {
    const answer = await send(url + path, options, { redirect: 'manual' })
    checkResponse(methodOf(options), path, answer, answer.text)
    return answer
  }

  async function register(username = 'ada'): Promise<{ id: string; username: string }> {
    const { status, body } = await request('/api/auth/register', { json: { username, password: PASSWORD } })
    if (status !== 201) throw new Error(`register: ${status} ${body.message}`)
    return body.data
  }

  const tryLogin = (password = PASSWORD, username = 'ada', options: Request = {}) =>
    request('/api/auth/login', { json: { username, password }, ...options })

  async function login(username = 'ada'): Promise<Tokens> {
    const { status, body } = await tryLogin(PASSWORD, username)
    if (status !== 200) throw new Error(`login: ${status} ${body.message}`)
    return { accessToken: body.data.access_token, refreshToken: body.data.refresh_token }
  }

  const refresh = (refreshToken: string) =>
    request('/refresh_token', { method: 'POST', bearer: refreshToken })
  const exchange = (accessToken: string) => request('/api/auth/refresh', { json: { token: accessToken } })

  return { request, register, login, tryLogin, refresh, exchange }
}
