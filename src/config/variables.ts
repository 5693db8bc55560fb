import { z } from 'zod'
import { algorithms, kindRule, lastDay, plain } from './adoption.ts'
import { headerNames, host, origins, proxies } from './network.ts'
import {
  clientId,
  cookieName,
  database,
  flag,
  limit,
  oneOf,
  publicUrl,
  stringOrUri,
  whole,
} from './values.ts'
import { isPlainHttp, webhookSecret, webhookUrl } from './webhook.ts'

/** RFC 6265bis §4.1.3: browsers drop cookies with these prefixes unless they are Secure. */
const securePrefix = /^__(Secure|Host|Http|Host-Http)-/i

const year = 365

// KiB times passes: the smallest configuration for Argon2id in OWASP's Password Storage Cheat Sheet (7 MiB, 5 passes).
const MIN_COST = 35_840

// Runs a check even when other variables are wrong (their values are then z.NEVER), so that all mistakes are reported.
const always = { when: () => true }

/**
 * Every variable except the secrets, with its form and default. The upper bounds keep all durations, and all times
 * that they are added to, well within the safe integers.
 */
export const variables = z
  .object({
    // Other values are refused: with a misspelt "prod" the service would run in development mode.
    NODE_ENV: oneOf('development', 'test', 'production').default('development'),
    HOST: host.default('127.0.0.1'),
    PORT: whole(0, 65535).default(8787),
    // Metrics have their own port: on the public one, a mistake in a proxy would expose them to everybody.
    METRICS_HOST: host.default('127.0.0.1'),
    METRICS_PORT: whole(0, 65535).optional(),
    // Longer than a load balancer takes to notice that /readyz fails. The default depends on NODE_ENV.
    DRAIN_SECONDS: whole(0, 300).optional(),
    DATABASE_URL: database.default({ dialect: 'sqlite', file: './data/rekindle.db' }),
    // A statement takes about a millisecond, so one process cannot keep more than ten connections busy with its single CPU.
    // Nine such processes fit into PostgreSQL's default limit of 100 connections.
    DATABASE_POOL_SIZE: whole(1, 100).default(10),
    DATABASE_PREPARED_STATEMENTS: oneOf('auto', 'on', 'off').default('auto'),
    PUBLIC_URL: publicUrl.optional(),
    JWT_ISSUER: stringOrUri.optional(),
    JWT_AUDIENCE: stringOrUri.optional(),
    JWT_CLIENT_ID: clientId.optional(),
    ACCESS_TOKEN_ALGORITHM: oneOf('HS256', 'ES256', 'RS256', 'EdDSA').default('HS256'),
    SIGNING_KEY_ROTATION_DAYS: whole(0, 10 * year).default(90),
    ACCESS_TOKEN_EXPIRE_MINUTES: whole(1, year * 24 * 60).default(30),
    REFRESH_TOKEN_EXPIRE_DAYS: whole(1, 10 * year).default(30),
    // ASVS 5.0 7.1.2: "how many concurrent (parallel) sessions are allowed for one account". A login at the maximum reads
    // all sessions of the user, so it cannot be any number.
    SESSIONS_PER_USER: whole(1, 10_000).default(100),
    // May be shorter than REFRESH_TOKEN_EXPIRE_DAYS: refresh tokens then expire with the session.
    SESSION_MAX_AGE_DAYS: whole(1, 10 * year).default(90),
    REFRESH_TOKEN_ROTATION: flag.default(true),
    // The maximum is low because a stolen predecessor is valid for as long.
    REFRESH_TOKEN_GRACE_SECONDS: whole(0, 600).default(30),
    // From Friday evening to Monday morning: see docs/adr/0057-late-retries.md.
    REFRESH_TOKEN_LATE_RETRY_HOURS: whole(0, year * 24).default(72),
    REFRESH_TOKEN_SHARED: oneOf('end', 'report').default('end'),
    DBSC: oneOf('off', 'optional').default('off'),
    DPOP_ACCESS_TOKENS: flag.default(false),
    EXPIRED_TOKEN_WINDOW_MINUTES: whole(0, year * 24 * 60).default(1440),
    EXCHANGE_SESSIONS: oneOf('all', 'unrotated').default('all'),
    // NIST SP 800-63B-4 §3.1.1.2: at least 8, or 15 where the password is the only factor.
    PASSWORD_MIN_LENGTH: whole(8, 64).default(8),
    // OWASP's first choice for Argon2id. At most two hashes are computed at a time.
    PASSWORD_MEMORY_KIB: whole(7168, 1_048_576).default(19_456),
    PASSWORD_ITERATIONS: whole(1, 20).default(2),
    // NIST SP 800-63B-4 §4.2.1.2: a recovery code sent by mail is good for 24 hours at most.
    PASSWORD_RESET_EXPIRE_MINUTES: whole(1, 24 * 60).default(30),
    REGISTRATION: oneOf('open', 'closed').optional(),
    REFRESH_COOKIE_NAME: cookieName.optional(),
    COOKIE_SECURE: flag.default(true),
    COOKIE_SAME_SITE: oneOf('strict', 'lax').default('strict'),
    CORS_ORIGINS: origins.default([]),
    // Those of W3C Trace Context and Baggage and of Sentry, which tracing libraries add to the requests of a page.
    CORS_ALLOWED_HEADERS: headerNames.default(['traceparent', 'tracestate', 'baggage', 'sentry-trace']),
    TRUST_PROXY: proxies.default(false),
    // Counts only failures, so that an office of a thousand people can share one address.
    LIMIT_LOGIN_ADDRESS: limit.default({ points: 500, seconds: 3600 }),
    LIMIT_LOGIN_ACCOUNT: limit.default({ points: 100, seconds: 3600 }),
    LIMIT_LOGIN_DELAY: oneOf('on', 'off').default('on'),
    // These count successes, which test suites have by the hundred. So the default depends on NODE_ENV.
    LIMIT_REGISTER_ADDRESS: limit.optional(),
    LIMIT_PASSWORD_ADDRESS: limit.optional(),
    LIMIT_SESSIONS_USER: limit.default({ points: 120, seconds: 600 }),
    // An office of a thousand people may log in within ten minutes.
    LIMIT_SESSIONS_ADDRESS: limit.default({ points: 1200, seconds: 600 }),
    LIMIT_REFRESH_SESSION: limit.default({ points: 120, seconds: 60 }),
    LIMIT_REFRESH_USER: limit.default({ points: 1200, seconds: 60 }),
    LIMIT_FAILURES_ADDRESS: limit.default({ points: 300, seconds: 60 }),
    EVENTS_RETENTION_DAYS: whole(1, 10 * year).default(90),
    EVENTS_KEEP_DELETED_USERS: flag.default(false),
    EVENTS_WEBHOOK_URL: webhookUrl.optional(),
    EVENTS_WEBHOOK_SECRET: webhookSecret.optional(),
    ADOPT_JWKS: plain.optional(),
    ADOPT_UNTIL: lastDay.optional(),
    ADOPT_ALGORITHMS: algorithms.optional(),
    ADOPT_ISSUER: plain.optional(),
    ADOPT_AUDIENCE: plain.optional(),
    ADOPT_USER_CLAIM: plain.default('sub'),
    ADOPT_USER_BY: oneOf('id', 'username').default('id'),
    ADOPT_REFRESH_TOKENS: kindRule.default('type=refresh'),
    ADOPT_ACCESS_TOKENS: kindRule.default('off'),
    ADOPT_COOKIE_NAME: cookieName.optional(),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
    LOG_PROBES: flag.default(true),
  })
  .refine((read) => read.COOKIE_SECURE !== false || !securePrefix.test(String(read.REFRESH_COOKIE_NAME)), {
    path: ['REFRESH_COOKIE_NAME'],
    error:
      'must not begin with __Host- or __Secure- when COOKIE_SECURE is false: browsers would drop the cookie',
    ...always,
  })
  .refine((read) => read.DBSC !== 'optional' || read.COOKIE_SECURE !== false, {
    path: ['DBSC'],
    error: 'must be off when COOKIE_SECURE is false: browsers bind sessions only over https',
    ...always,
  })
  .refine((read) => !(read.PASSWORD_MEMORY_KIB * read.PASSWORD_ITERATIONS < MIN_COST), {
    path: ['PASSWORD_ITERATIONS'],
    error: `times PASSWORD_MEMORY_KIB must be at least ${MIN_COST}`,
    ...always,
  })
  .refine((read) => read.EVENTS_WEBHOOK_URL === undefined || read.EVENTS_WEBHOOK_SECRET !== undefined, {
    path: ['EVENTS_WEBHOOK_SECRET'],
    error: 'is required with EVENTS_WEBHOOK_URL: at least 32 random bytes, which the receiver also knows',
    ...always,
  })
  .refine((read) => read.NODE_ENV !== 'production' || !isPlainHttp(read.PUBLIC_URL), {
    path: ['PUBLIC_URL'],
    error: 'must be https in production: RFC 8414 §2 asks for it, and tokens cross the network',
    ...always,
  })
  .refine((read) => read.NODE_ENV !== 'production' || !isPlainHttp(read.EVENTS_WEBHOOK_URL), {
    path: ['EVENTS_WEBHOOK_URL'],
    error: 'must be https in production, unless the receiver is on this machine',
    ...always,
  })
  .refine(
    (read) =>
      read.NODE_ENV !== 'production' || read.DPOP_ACCESS_TOKENS !== true || read.PUBLIC_URL !== undefined,
    {
      path: ['DPOP_ACCESS_TOKENS'],
      error: 'needs PUBLIC_URL in production: a proof names the URL that it is for',
      ...always,
    },
  )
