import type { Secrets } from './secrets.ts'
import { readSecrets } from './secrets.ts'
import type { Database } from './values.ts'
import { variables } from './variables.ts'

export type { Secrets } from './secrets.ts'
export type { Database } from './values.ts'

/** What the environment says, read once and frozen. Spans of time are in milliseconds. */
export interface Settings {
  /** NODE_ENV is `production`. */
  readonly production: boolean
  /** HOST: the address to listen on. */
  readonly host: string
  /** PORT: 0 to 65535; 0 takes any free one. */
  readonly port: number
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
  /** REGISTRATION: when unset, closed in production and open elsewhere. */
  readonly registration: 'open' | 'closed'
  /** REFRESH_COOKIE_NAME, COOKIE_SECURE. */
  readonly cookie: { readonly name: string; readonly secure: boolean }
  /** CORS_ORIGINS: exact origins, as browsers send them. */
  readonly corsOrigins: readonly string[]
  /** TRUST_PROXY: nobody, the number of proxies in front, or their addresses and networks. */
  readonly trustProxy: false | number | readonly string[]
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
    database: Object.freeze(data.DATABASE_URL),
    issuer: data.JWT_ISSUER,
    audience: data.JWT_AUDIENCE,
    accessTokenTtl: data.ACCESS_TOKEN_EXPIRE_MINUTES * minute,
    refreshTokenTtl: data.REFRESH_TOKEN_EXPIRE_DAYS * day,
    sessionMaxAge: data.SESSION_MAX_AGE_DAYS * day,
    rotation: data.REFRESH_TOKEN_ROTATION,
    grace: data.REFRESH_TOKEN_GRACE_SECONDS * second,
    exchangeWindow: data.EXPIRED_TOKEN_WINDOW_MINUTES * minute,
    registration: data.REGISTRATION ?? (production ? 'closed' : 'open'),
    cookie: Object.freeze({
      name: data.REFRESH_COOKIE_NAME ?? (data.COOKIE_SECURE ? '__Host-refresh_token' : 'refresh_token'),
      secure: data.COOKIE_SECURE,
    }),
    corsOrigins: Object.freeze(data.CORS_ORIGINS),
    trustProxy: Object.freeze(data.TRUST_PROXY),
    logLevel: data.LOG_LEVEL,
  }
  return { settings: Object.freeze(settings), mistakes: [] }
}
