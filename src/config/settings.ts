import type { Secrets } from './secrets.ts'
import { readSecrets } from './secrets.ts'
import type { Database, Limit } from './values.ts'
import { variables } from './variables.ts'

export type { Secrets } from './secrets.ts'
export type { Database, Limit } from './values.ts'

/** What the environment says, read once and frozen. Spans of time are in milliseconds. */
export interface Settings {
  /** NODE_ENV is `production`. */
  readonly production: boolean
  /** HOST: the address to listen on. */
  readonly host: string
  /** PORT: 0 to 65535; 0 takes any free one. */
  readonly port: number
  /** METRICS_HOST, METRICS_PORT: where Prometheus is served; undefined means nowhere. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  /** DATABASE_URL. */
  readonly database: Database
  /** JWT_ISSUER: undefined means that `iss` is neither written nor checked. */
  readonly issuer: string | undefined
  /** JWT_AUDIENCE: undefined means that `aud` is neither written nor checked. */
  readonly audience: string | undefined
  /** ACCESS_TOKEN_EXPIRE_MINUTES, in milliseconds. */
  readonly accessTokenTtl: number
  /** REFRESH_TOKEN_EXPIRE_DAYS, in milliseconds: a session ends when it rests for so long. */
  readonly refreshTokenTtl: number
  /** SESSION_MAX_AGE_DAYS, in milliseconds: a session ends when it is so old. */
  readonly sessionMaxAge: number
  /** REFRESH_TOKEN_ROTATION. */
  readonly rotation: boolean
  /** REFRESH_TOKEN_GRACE_SECONDS, in milliseconds: 0 allows no replay at all. */
  readonly grace: number
  /** EXPIRED_TOKEN_WINDOW_MINUTES, in milliseconds: 0 switches the exchange off. */
  readonly exchangeWindow: number
  /** Of new passwords. */
  readonly password: {
    /** PASSWORD_MIN_LENGTH, in characters. */
    readonly minLength: number
    /** PASSWORD_MEMORY_KIB: what a hash of Argon2id takes. */
    readonly memory: number
    /** PASSWORD_ITERATIONS: how often it passes over that memory. */
    readonly iterations: number
  }
  /** REGISTRATION: when unset, closed in production and open elsewhere. */
  readonly registration: 'open' | 'closed'
  /** REFRESH_COOKIE_NAME, COOKIE_SECURE. */
  readonly cookie: { readonly name: string; readonly secure: boolean }
  /** CORS_ORIGINS: exact origins, as browsers send them. */
  readonly corsOrigins: readonly string[]
  /** TRUST_PROXY: nobody, the number of proxies in front, or their addresses and networks. */
  readonly trustProxy: false | number | readonly string[]
  /** LIMIT_…: how often somebody may try; false: as often as they like. */
  readonly limits: {
    /** LIMIT_LOGIN_ADDRESS: failures of an address, whatever the account. */
    readonly loginAddress: Limit | false
    /** LIMIT_LOGIN_ACCOUNT: failures at an account, of all addresses that never logged in to it. */
    readonly loginAccount: Limit | false
    /** LIMIT_LOGIN_DELAY: whether an address that fails at an account has to wait longer each time. */
    readonly loginDelay: boolean
    /** LIMIT_REGISTER_ADDRESS. */
    readonly registerAddress: Limit | false
    /** LIMIT_PASSWORD_ADDRESS: changes of passwords. */
    readonly passwordAddress: Limit | false
    /** LIMIT_REFRESH_SESSION: refreshes and exchanges of a session. */
    readonly refreshSession: Limit | false
    /** LIMIT_FAILURES_ADDRESS: tokens that were refused. */
    readonly failuresAddress: Limit | false
  }
  /** EVENTS_RETENTION_DAYS, in milliseconds: how long security events are kept. */
  readonly eventsRetention: number
  /** EVENTS_WEBHOOK_URL, EVENTS_WEBHOOK_SECRET: where they are posted to. The secret is never printed. */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined
  /** LOG_LEVEL, as pino knows it. */
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
}

/** The environment is wrong. Its lines never hold a secret, a password or any other value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  /** One line for each mistake; each names its variable, what is wrong, and what is allowed. */
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = Object.freeze([...mistakes])
  }
}

/**
 * Reads everything but the secrets: the command line needs none. An empty variable counts as unset.
 *
 * @throws SettingsError with a line for every mistake
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { settings, mistakes } = check(env)
  if (settings === undefined) throw new SettingsError(mistakes)
  return settings
}

/**
 * Reads what the running service needs. Without JWT_SECRET_KEY, and neither in production nor with
 * PostgreSQL, a secret is made once and kept beside the database; not while there are mistakes, so that a
 * start that fails leaves nothing behind.
 *
 * @throws SettingsError with a line for every mistake, of the secrets as well
 */
export function readServiceSettings(env: NodeJS.ProcessEnv): {
  readonly settings: Settings
  readonly secrets: Secrets
} {
  const { settings, mistakes } = check(env)
  const read = readSecrets(env, { mayKeep: settings !== undefined })
  if (settings === undefined || read.secrets === undefined) {
    throw new SettingsError([...mistakes, ...read.mistakes])
  }
  return { settings, secrets: read.secrets }
}

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

function frozen(limits: Settings['limits']): Settings['limits'] {
  for (const limit of Object.values(limits)) Object.freeze(limit)
  return Object.freeze(limits)
}

const webhookOf = (url: string | undefined, secret: string | undefined) =>
  url === undefined || secret === undefined ? undefined : Object.freeze({ url, secret })

function check(env: NodeJS.ProcessEnv): { settings?: Settings; mistakes: string[] } {
  const filled = Object.keys(variables.shape).map((name) => [name, env[name] || undefined])
  const { data, error } = variables.safeParse(Object.fromEntries(filled))
  if (error !== undefined) {
    return { mistakes: error.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) }
  }
  const production = data.NODE_ENV === 'production'
  const settings: Settings = {
    production,
    host: data.HOST,
    port: data.PORT,
    metrics:
      data.METRICS_PORT === undefined
        ? undefined
        : Object.freeze({ host: data.METRICS_HOST, port: data.METRICS_PORT }),
    database: Object.freeze(data.DATABASE_URL),
    issuer: data.JWT_ISSUER,
    audience: data.JWT_AUDIENCE,
    accessTokenTtl: data.ACCESS_TOKEN_EXPIRE_MINUTES * minute,
    refreshTokenTtl: data.REFRESH_TOKEN_EXPIRE_DAYS * day,
    sessionMaxAge: data.SESSION_MAX_AGE_DAYS * day,
    rotation: data.REFRESH_TOKEN_ROTATION,
    grace: data.REFRESH_TOKEN_GRACE_SECONDS * second,
    exchangeWindow: data.EXPIRED_TOKEN_WINDOW_MINUTES * minute,
    password: Object.freeze({
      minLength: data.PASSWORD_MIN_LENGTH,
      memory: data.PASSWORD_MEMORY_KIB,
      iterations: data.PASSWORD_ITERATIONS,
    }),
    registration: data.REGISTRATION ?? (production ? 'closed' : 'open'),
    cookie: Object.freeze({
      name: data.REFRESH_COOKIE_NAME ?? (data.COOKIE_SECURE ? '__Host-refresh_token' : 'refresh_token'),
      secure: data.COOKIE_SECURE,
    }),
    corsOrigins: Object.freeze(data.CORS_ORIGINS),
    trustProxy: Object.freeze(data.TRUST_PROXY),
    limits: frozen({
      loginAddress: data.LIMIT_LOGIN_ADDRESS,
      loginAccount: data.LIMIT_LOGIN_ACCOUNT,
      loginDelay: data.LIMIT_LOGIN_DELAY === 'on',
      registerAddress: data.LIMIT_REGISTER_ADDRESS,
      passwordAddress: data.LIMIT_PASSWORD_ADDRESS,
      refreshSession: data.LIMIT_REFRESH_SESSION,
      failuresAddress: data.LIMIT_FAILURES_ADDRESS,
    }),
    eventsRetention: data.EVENTS_RETENTION_DAYS * day,
    webhook: webhookOf(data.EVENTS_WEBHOOK_URL, data.EVENTS_WEBHOOK_SECRET),
    logLevel: data.LOG_LEVEL,
  }
  return { settings: Object.freeze(settings), mistakes: [] }
}
