import type { ForeignRules } from '../tokens/foreign.ts'
import { given, NAMES, PLAIN } from './environment.ts'
import { lookalikes } from './lookalikes.ts'
import { parse } from './parse.ts'
import type { Secrets } from './secrets.ts'
import { readSecrets } from './secrets.ts'
import { settingsOf } from './settings-of.ts'
import type { Database, Limit } from './values.ts'
import { needlessKeys, unsafeSettings } from './warnings.ts'

export type { Secrets } from './secrets.ts'
export type { Database, Limit } from './values.ts'

/** The settings of the service, read from the environment once and frozen. Durations are in milliseconds. */
export interface Settings {
  /** NODE_ENV: whether it is `production`. */
  readonly production: boolean
  /** HOST: the address to listen on. */
  readonly host: string
  /** PORT: 0 to 65535. 0 takes any free port. */
  readonly port: number
  /** METRICS_HOST, METRICS_PORT: the address that Prometheus scrapes. Undefined: metrics are off. */
  readonly metrics: { readonly host: string; readonly port: number } | undefined
  /** DRAIN_SECONDS, in milliseconds: how long `/readyz` fails before connections are refused. By default 5 s in production. */
  readonly drain: number
  /** DATABASE_URL. */
  readonly database: Database
  /** Connections to PostgreSQL. */
  readonly pool: {
    /** DATABASE_POOL_SIZE: the maximum number of connections of one process. */
    readonly size: number
    /** DATABASE_PREPARED_STATEMENTS: `auto` uses them unless there is a pooler. */
    readonly preparedStatements: 'auto' | 'on' | 'off'
  }
  /** PUBLIC_URL: where clients reach the service. Undefined: unknown. */
  readonly publicUrl: string | undefined
  /** JWT_ISSUER, or else PUBLIC_URL: the claim `iss`. Undefined: it is neither written nor checked. */
  readonly issuer: string | undefined
  /** JWT_AUDIENCE: the claim `aud`. Undefined: it is neither written nor checked. */
  readonly audience: string | undefined
  /** JWT_CLIENT_ID: the claim `client_id` of access tokens. Undefined: it is not written. */
  readonly clientId: string | undefined
  /** ACCESS_TOKEN_ALGORITHM: how access tokens are signed. Refresh tokens are always signed by HS256. */
  readonly accessTokenAlgorithm: 'HS256' | 'ES256' | 'RS256' | 'EdDSA'
  /** SIGNING_KEY_ROTATION_DAYS, in milliseconds: how long a key that the service made signs. 0: until it is told. */
  readonly signingKeyRotation: number
  /** ACCESS_TOKEN_EXPIRE_MINUTES, in milliseconds. */
  readonly accessTokenTtl: number
  /** REFRESH_TOKEN_EXPIRE_DAYS, in milliseconds: a session ends after this time without a refresh. */
  readonly refreshTokenTtl: number
  /** SESSION_MAX_AGE_DAYS, in milliseconds: a session ends at this age, even if it is used. */
  readonly sessionMaxAge: number
  /** SESSIONS_PER_USER: active sessions. Opening another one ends the one that was not refreshed for longest. */
  readonly sessionsPerUser: number
  /** REFRESH_TOKEN_ROTATION: whether each refresh replaces the refresh token. */
  readonly rotation: boolean
  /** REFRESH_TOKEN_GRACE_SECONDS, in milliseconds. 0 allows no replay. */
  readonly grace: number
  /**
   * REFRESH_TOKEN_LATE_RETRY_HOURS, in milliseconds: how long a superseded refresh token may be retried after the grace, if
   * its successor was never presented. 0 allows no late retry.
   */
  readonly lateRetry: number
  /** REFRESH_TOKEN_SHARED: whether a session ends when two holders use copies of one refresh token. */
  readonly sharedTokens: 'end' | 'report'
  /** DBSC: `optional` binds sessions in cookie mode to devices, where the browser can. */
  readonly dbsc: 'off' | 'optional'
  /** DPOP_ACCESS_TOKENS: whether access tokens of a bound session are bound to its key, and not only refresh tokens. */
  readonly bindsAccessTokens: boolean
  /** EXPIRED_TOKEN_WINDOW_MINUTES, in milliseconds. 0 switches the exchange off. */
  readonly exchangeWindow: number
  /** EXCHANGE_SESSIONS: `unrotated` confines the exchange to sessions in header mode that were never rotated. */
  readonly exchangeSessions: 'all' | 'unrotated'
  /** Applies to new passwords. */
  readonly password: {
    /** PASSWORD_MIN_LENGTH, in characters. */
    readonly minLength: number
    /** PASSWORD_MEMORY_KIB: the memory of an Argon2id hash, in KiB. */
    readonly memory: number
    /** PASSWORD_ITERATIONS: the passes over that memory. */
    readonly iterations: number
  }
  /** PASSWORD_RESET_EXPIRE_MINUTES, in milliseconds: how long a reset token is good. */
  readonly passwordResetTtl: number
  /** REGISTRATION: by default closed in production and open elsewhere. */
  readonly registration: 'open' | 'closed'
  /** REFRESH_COOKIE_NAME, COOKIE_SECURE, COOKIE_SAME_SITE. */
  readonly cookie: { readonly name: string; readonly secure: boolean; readonly sameSite: 'Strict' | 'Lax' }
  /** CORS_ORIGINS: exact origins, as browsers send them. */
  readonly corsOrigins: readonly string[]
  /** CORS_ALLOWED_HEADERS: request headers that pages of these origins may send beside those of the contract. */
  readonly corsAllowedHeaders: readonly string[]
  /** TRUST_PROXY: false for none, the number of proxies in front, or their addresses and networks. */
  readonly trustProxy: false | number | readonly string[]
  /** LIMIT_…: attempts in a time window. False: no limit. */
  readonly limits: {
    /** LIMIT_LOGIN_ADDRESS: failed logins from one address, at any account. */
    readonly loginAddress: Limit | false
    /** LIMIT_LOGIN_ACCOUNT: failed logins at one account, from all addresses that never logged in to it. */
    readonly loginAccount: Limit | false
    /** LIMIT_LOGIN_DELAY: whether each failure of an address at an account makes the next attempt wait longer. */
    readonly loginDelay: boolean
    /** LIMIT_REGISTER_ADDRESS: registrations from one address. By default only in production. */
    readonly registerAddress: Limit | false
    /** LIMIT_PASSWORD_ADDRESS: password changes from one address. By default only in production. */
    readonly passwordAddress: Limit | false
    /** LIMIT_SESSIONS_USER: successful logins of one user. */
    readonly sessionsUser: Limit | false
    /** LIMIT_SESSIONS_ADDRESS: successful logins from one address, of any user. */
    readonly sessionsAddress: Limit | false
    /** LIMIT_REFRESH_SESSION: refreshes and exchanges of one session. */
    readonly refreshSession: Limit | false
    /** LIMIT_REFRESH_USER: refreshes and exchanges of all sessions of one user. */
    readonly refreshUser: Limit | false
    /** LIMIT_FAILURES_ADDRESS: refused tokens from one address. */
    readonly failuresAddress: Limit | false
  }
  /** EVENTS_RETENTION_DAYS, in milliseconds: how long security events are kept. */
  readonly eventsRetention: number
  /** EVENTS_KEEP_DELETED_USERS: whether the events of a user are kept after the user is deleted. */
  readonly keepEventsOfDeleted: boolean
  /** EVENTS_WEBHOOK_URL, EVENTS_WEBHOOK_SECRET: the receiver of events. The secret is never printed. */
  readonly webhook: { readonly url: string; readonly secret: string } | undefined
  /** ADOPT_…: how tokens of another system are traded for sessions. Undefined without ADOPT_UNTIL. */
  readonly adoption: Adoption | undefined
  /** LOG_LEVEL: one of pino's levels. */
  readonly logLevel: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
  /** LOG_PROBES: whether successful requests to `/livez` and `/readyz` are logged. */
  readonly logProbes: boolean
}

/** How tokens of another system are verified and adopted. Its key is with the secrets. */
export interface Adoption extends ForeignRules {
  /** The end of ADOPT_UNTIL, in milliseconds since the epoch. */
  readonly until: number
  /** ADOPT_USER_BY: whether ADOPT_USER_CLAIM names an id or a username. */
  readonly userBy: 'id' | 'username'
  /** ADOPT_COOKIE_NAME: where browsers have the other system's refresh token. Undefined: only in our own cookie. */
  readonly cookieName: string | undefined
}

/**
 * Thrown when environment variables are missing or wrong. The message has a line for each mistake and never contains
 * the value of a variable.
 *
 * @example
 * ```ts
 * import { readServiceSettings, SettingsError } from 'rekindle'
 *
 * try {
 *   readServiceSettings({ PORT: 'http' })
 * } catch (error) {
 *   if (!(error instanceof SettingsError)) throw error
 *   console.error(error.mistakes) // ['PORT must be a whole number from 0 to 65535, in plain digits']
 * }
 * ```
 */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  /** One line for each mistake: the variable, what is wrong, and what is allowed. */
  readonly mistakes: readonly string[]

  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'))
    this.mistakes = Object.freeze([...mistakes])
  }
}

/**
 * Reads everything except the secrets, which the command line does not need. An empty variable counts as unset.
 *
 * @throws {@link SettingsError} with a line for each mistake
 */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const { values, mistakes, without } = given(env, PLAIN)
  const parsed = parse(values, env)
  if (parsed.data === undefined || mistakes.length > 0)
    throw new SettingsError([...mistakes, ...without(parsed.mistakes)])
  return settingsOf(parsed.data)
}

/**
 * Reads the settings and secrets of the service from environment variables.
 *
 * JWT_SECRET_KEY is required in production and with PostgreSQL. Elsewhere, if it is unset, a secret is created once
 * and kept in a file beside the database. Nothing is created while there are mistakes.
 *
 * @param env usually `process.env`. An empty variable counts as unset.
 * @returns both, frozen, and `warnings`: lines for the log, which never contain a secret
 * @throws {@link SettingsError} with a line for each mistake
 * @example
 * ```ts
 * import { readServiceSettings } from 'rekindle'
 *
 * const { settings, secrets, warnings } = readServiceSettings(process.env)
 * for (const warning of warnings) console.warn(warning)
 * console.log(settings.accessTokenTtl) // 1800000: milliseconds
 * ```
 */
export function readServiceSettings(env: NodeJS.ProcessEnv): {
  readonly settings: Settings
  readonly secrets: Secrets
  readonly warnings: readonly string[]
} {
  const { values, mistakes, without } = given(env, NAMES)
  const { data, mistakes: wrong } = parse(values, env)
  const mayKeep = data !== undefined && mistakes.length === 0
  const read = readSecrets(values, { mayKeep })
  if (data === undefined || read.secrets === undefined || mistakes.length > 0)
    throw new SettingsError([...mistakes, ...without([...wrong, ...read.mistakes])])
  const settings = settingsOf(data)
  const unsafe = [...unsafeSettings(env, settings), ...needlessKeys(settings, read.secrets)]
  const warnings = Object.freeze([...read.warnings, ...lookalikes(env), ...unsafe])
  return { settings, secrets: read.secrets, warnings }
}
