import { z } from 'zod'
import { host, origins, proxies } from './network.ts'
import { cookieName, database, flag, oneOf, stringOrUri, whole } from './values.ts'

/** RFC 6265bis, section 4.1.3: cookies with these names must be Secure; browsers drop them otherwise. */
const securePrefix = /^__(Secure|Host|Http|Host-Http)-/i

const year = 365

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
    REGISTRATION: oneOf('open', 'closed').optional(),
    REFRESH_COOKIE_NAME: cookieName.optional(),
    COOKIE_SECURE: flag.default(true),
    CORS_ORIGINS: origins.default([]),
    TRUST_PROXY: proxies.default(false),
    LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  })
  .refine((read) => read.COOKIE_SECURE !== false || !securePrefix.test(String(read.REFRESH_COOKIE_NAME)), {
    path: ['REFRESH_COOKIE_NAME'],
    error:
      'must not begin with __Host- or __Secure- when COOKIE_SECURE is false: browsers would drop the cookie',
    // Also beside other mistakes, so that all of them are reported at once.
    when: () => true,
  })
