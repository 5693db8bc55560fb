import { adoptionOf } from './adoption.ts'
import type { Parsed } from './parse.ts'
import type { Settings } from './settings.ts'

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const day = 24 * hour

function frozen(limits: Settings['limits']): Settings['limits'] {
  for (const limit of Object.values(limits)) Object.freeze(limit)
  return Object.freeze(limits)
}

const webhookOf = (url: string | undefined, secret: string | undefined) =>
  url === undefined || secret === undefined ? undefined : Object.freeze({ url, secret })

/** The settings of values that were read: in milliseconds, and frozen. */
export function settingsOf(data: Parsed): Settings {
  const settings: Settings = {
    production: data.NODE_ENV === 'production',
    host: data.HOST,
    port: data.PORT,
    metrics:
      data.METRICS_PORT === undefined
        ? undefined
        : Object.freeze({ host: data.METRICS_HOST, port: data.METRICS_PORT }),
    drain: data.DRAIN_SECONDS * second,
    database: Object.freeze(data.DATABASE_URL),
    pool: Object.freeze({
      size: data.DATABASE_POOL_SIZE,
      preparedStatements: data.DATABASE_PREPARED_STATEMENTS,
    }),
    publicUrl: data.PUBLIC_URL,
    issuer: data.JWT_ISSUER ?? data.PUBLIC_URL,
    audience: data.JWT_AUDIENCE,
    clientId: data.JWT_CLIENT_ID,
    accessTokenAlgorithm: data.ACCESS_TOKEN_ALGORITHM,
    signingKeyRotation: data.SIGNING_KEY_ROTATION_DAYS * day,
    accessTokenTtl: data.ACCESS_TOKEN_EXPIRE_MINUTES * minute,
    refreshTokenTtl: data.REFRESH_TOKEN_EXPIRE_DAYS * day,
    sessionMaxAge: data.SESSION_MAX_AGE_DAYS * day,
    sessionsPerUser: data.SESSIONS_PER_USER,
    rotation: data.REFRESH_TOKEN_ROTATION,
    grace: data.REFRESH_TOKEN_GRACE_SECONDS * second,
    lateRetry: data.REFRESH_TOKEN_LATE_RETRY_HOURS * hour,
    sharedTokens: data.REFRESH_TOKEN_SHARED,
    dbsc: data.DBSC,
    bindsAccessTokens: data.DPOP_ACCESS_TOKENS,
    exchangeWindow: data.EXPIRED_TOKEN_WINDOW_MINUTES * minute,
    exchangeSessions: data.EXCHANGE_SESSIONS,
    password: Object.freeze({
      minLength: data.PASSWORD_MIN_LENGTH,
      memory: data.PASSWORD_MEMORY_KIB,
      iterations: data.PASSWORD_ITERATIONS,
    }),
    registration: data.REGISTRATION,
    cookie: Object.freeze({
      name: data.REFRESH_COOKIE_NAME,
      secure: data.COOKIE_SECURE,
      sameSite: data.COOKIE_SAME_SITE === 'lax' ? 'Lax' : 'Strict',
    }),
    corsOrigins: Object.freeze(data.CORS_ORIGINS),
    corsAllowedHeaders: Object.freeze(data.CORS_ALLOWED_HEADERS),
    trustProxy: Object.freeze(data.TRUST_PROXY),
    limits: frozen({
      loginAddress: data.LIMIT_LOGIN_ADDRESS,
      loginAccount: data.LIMIT_LOGIN_ACCOUNT,
      loginDelay: data.LIMIT_LOGIN_DELAY === 'on',
      registerAddress: data.LIMIT_REGISTER_ADDRESS,
      passwordAddress: data.LIMIT_PASSWORD_ADDRESS,
      sessionsUser: data.LIMIT_SESSIONS_USER,
      sessionsAddress: data.LIMIT_SESSIONS_ADDRESS,
      refreshSession: data.LIMIT_REFRESH_SESSION,
      refreshUser: data.LIMIT_REFRESH_USER,
      failuresAddress: data.LIMIT_FAILURES_ADDRESS,
    }),
    passwordResetTtl: data.PASSWORD_RESET_EXPIRE_MINUTES * minute,
    eventsRetention: data.EVENTS_RETENTION_DAYS * day,
    keepEventsOfDeleted: data.EVENTS_KEEP_DELETED_USERS,
    webhook: webhookOf(data.EVENTS_WEBHOOK_URL, data.EVENTS_WEBHOOK_SECRET),
    adoption: adoptionOf(data),
    logLevel: data.LOG_LEVEL,
    logProbes: data.LOG_PROBES,
  }
  return Object.freeze(settings)
}
