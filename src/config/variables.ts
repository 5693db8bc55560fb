import { z } from 'zod'
import { host, origins, proxies } from './network.ts'
import { cookieName, database, flag, limit, oneOf, stringOrUri, whole } from './values.ts'
import { isPlainHttp, webhookSecret, webhookUrl } from './webhook.ts'

/** RFC 6265bis, section 4.1.3: cookies with these names must be Secure; browsers drop them otherwise. */
const securePrefix = /^__(Secure|Host|Http|Host-Http)-/i

const year = 365

// KiB times passes: the least of what OWASP's Password Storage Cheat Sheet names for Argon2id, 7 MiB five times.
const LEAST_COST = 35_840

// Also beside other mistakes, so that all of them are reported at once. What is wrong already is z.NEVER then.
const always = { when: () => true }

/**
 * Every variable but the secrets, with its form and its default.
 * The upper bounds keep each span, and each time that it is added to, far inside of the safe integers.
 */
export const variables = z
  .object({
    // Not just any text: with a misspelt "prod" the service would run with the manners of development.
    NODE_ENV: oneOf('development', 'test', 'production').default('development'),
    HOST: host.default('127.0.0.1'),
    PORT: whole(0, 65535).default(8787),
    // Not beside the public operations, where a mistake in a proxy would show it to everybody.
    METRICS_HOST: host.default('127.0.0.1'),
    METRICS_PORT: whole(0, 65535).optional(),
    DATABASE_URL: database.default({ dialect: 'sqlite', file: './data/rekindle.db' }),
    JWT_ISSUER: stringOrUri.optional(),
    JWT_AUDIENCE: stringOrUri.optional(),
    ACCESS_TOKEN_EXPIRE_MINUTES: whole(1, year * 24 * 60).default(30),
    REFRESH_TOKEN_EXPIRE_DAYS: whole(1, 10 * year).default(30),
    // It may be smaller than the idle span, which is then cut short.
    SESSION_MAX_AGE_DAYS: whole(1, 10 * year).default(90),
    REFRESH_TOKEN_ROTATION: flag.default(true),
    // Longer, and a stolen predecessor would be good for as long.
    REFRESH_TOKEN_GRACE_SECONDS: whole(0, 600).default(30),
    EXPIRED_TOKEN_WINDOW_MINUTES: whole(0, year * 24 * 60).default(1440),
    // NIST SP 800-63B-4 §3.1.1.2: at least 8, and 15 where the password is the only factor.
    PASSWORD_MIN_LENGTH: whole(8, 64).default(8),
    // OWASP's first choice for Argon2id. Two hashes are made at a time.
    PASSWORD_MEMORY_KIB: whole(7168, 1_048_576).default(19_456),
    PASSWORD_ITERATIONS: whole(1, 20).default(2),
    REGISTRATION: oneOf('open', 'closed').optional(),
    REFRESH_COOKIE_NAME: cookieName.optional(),
    COOKIE_SECURE: flag.default(true),
    CORS_ORIGINS: origins.default([]),
    TRUST_PROXY: proxies.default(false),
    // Of failures alone, for an office of a thousand people behind one address
    LIMIT_LOGIN_ADDRESS: limit.default({ points: 500, seconds: 3600 }),
    LIMIT_LOGIN_ACCOUNT: limit.default({ points: 100, seconds: 3600 }),
    LIMIT_LOGIN_DELAY: oneOf('on', 'off').default('on'),
    LIMIT_REGISTER_ADDRESS: limit.default({ points: 60, seconds: 3600 }),
    LIMIT_PASSWORD_ADDRESS: limit.default({ points: 60, seconds: 3600 }),
    LIMIT_REFRESH_SESSION: limit.default({ points: 120, seconds: 60 }),
    LIMIT_FAILURES_ADDRESS: limit.default({ points: 300, seconds: 60 }),
    EVENTS_RETENTION_DAYS: whole(1, 10 * year).default(90),
    EVENTS_WEBHOOK_URL: webhookUrl.optional(),
    EVENTS_WEBHOOK_SECRET: webhookSecret.optional(),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  })
  .refine((read) => read.COOKIE_SECURE !== false || !securePrefix.test(String(read.REFRESH_COOKIE_NAME)), {
    path: ['REFRESH_COOKIE_NAME'],
    error:
      'must not begin with __Host- or __Secure- when COOKIE_SECURE is false: browsers would drop the cookie',
    ...always,
  })
  .refine((read) => !(read.PASSWORD_MEMORY_KIB * read.PASSWORD_ITERATIONS < LEAST_COST), {
    path: ['PASSWORD_ITERATIONS'],
    error: `times PASSWORD_MEMORY_KIB must be at least ${LEAST_COST}`,
    ...always,
  })
  .refine((read) => read.EVENTS_WEBHOOK_URL === undefined || read.EVENTS_WEBHOOK_SECRET !== undefined, {
    path: ['EVENTS_WEBHOOK_SECRET'],
    error: 'is required with EVENTS_WEBHOOK_URL: at least 32 random bytes, which the receiver verifies with',
    ...always,
  })
  .refine((read) => read.NODE_ENV !== 'production' || !isPlainHttp(read.EVENTS_WEBHOOK_URL), {
    path: ['EVENTS_WEBHOOK_URL'],
    error: 'must be https in production, unless the receiver is on this machine',
    ...always,
  })
