import { adoptionRows } from './adoption-rows.ts'
import { textOf } from './fresh.ts'
import { limitRows } from './limit-rows.ts'
import { networkRows } from './network-rows.ts'
import { PEM } from './pem.ts'
import type { Row } from './row.ts'
import { asTheyAre, notFlag, notWhole } from './row.ts'

export const strong = 'qU8vXk2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3MgRoViKt5'
export const other = '3e1f90b2c47d5a68f7e0192b3c4d5e6fa8b7c6d5e4f30211'

const minute = 60_000
const day = 86_400_000
const production = { NODE_ENV: 'production' }
const sqlite = (file: string) => ({ dialect: 'sqlite', file })
const postgres = (url: string) => ({ [url]: { dialect: 'postgres', url } })

/** Every variable: the values that are read, and the values that are refused. */
export const rows: Readonly<Record<string, Row>> = {
  ...networkRows,
  ...limitRows,
  ...adoptionRows,
  NODE_ENV: {
    pick: ({ settings }) => settings.production,
    unset: false,
    good: { production: true, development: false, test: false },
    wrong: ['prod', 'Production', 'staging'],
  },
  DATABASE_URL: {
    pick: ({ settings }) => settings.database,
    unset: sqlite('./data/rekindle.db'),
    good: {
      'sqlite:./a b/x.db': sqlite('./a b/x.db'),
      'sqlite:/var/lib/x.db': sqlite('/var/lib/x.db'),
      ...postgres('postgres://u:p@h:5432/d'),
      ...postgres('postgresql://h/d?sslmode=require'),
      ...postgres('postgres:///d?host=/run'),
    },
    wrong: [
      ...['./data/x.db', 'sqlite:', 'sqlite: ', 'sqlite:///x.db', 'sqlite::memory:', 'sqlite:./data/'],
      ...['mysql://h/d', 'postgres:h', 'postgres://u:1#x@h/d', 'postgres://h:99999/d', 'postgres://h /d'],
    ],
    beside: {
      env: { ...production, JWT_SECRET_KEY: strong },
      good: {
        'sqlite:/x.db': sqlite('/x.db'),
        ...postgres('postgres://u:p@localhost/d'),
        ...postgres('postgres://127.0.0.1:5432/d'),
        ...postgres('postgres://[::1]/d'),
        ...postgres('postgres:///d?host=/run'),
        ...postgres('postgres://%2Frun/d'),
        ...postgres('postgres:///d'),
        ...postgres('postgres://h/d?sslmode=verify-full'),
        ...postgres('postgres://h/d?sslmode=require'),
        ...postgres('postgres://h/d?ssl=true'),
        ...postgres('postgres://h/d?sslrootcert=/ca.pem'),
        ...postgres('postgres://h/d?sslmode=disable'),
      },
      wrong: [
        ...['postgres://h/d', 'postgresql://u:p@10.0.0.7:5432/d', 'postgres://localhost/d?host=10.0.0.7'],
        ...['postgres://h/d?statement_timeout=1', 'postgres://localhost.example/d', 'mysql://h/d'],
      ],
    },
  },
  DATABASE_POOL_SIZE: {
    pick: ({ settings }) => settings.pool.size,
    unset: 10,
    good: { 1: 1, 100: 100 },
    wrong: [...notWhole, '0', '101'],
  },
  DATABASE_PREPARED_STATEMENTS: {
    pick: ({ settings }) => settings.pool.preparedStatements,
    unset: 'auto',
    good: asTheyAre('auto', 'on', 'off'),
    wrong: ['true', 'Off'],
  },
  DRAIN_SECONDS: {
    pick: ({ settings }) => settings.drain,
    unset: 1000,
    good: { 0: 0, 300: 300_000 },
    wrong: [...notWhole, '301'],
    beside: { env: production, good: { 2: 2000, '': 5000 }, wrong: ['301'] },
  },
  JWT_SECRET_KEY: {
    pick: ({ secrets }) => (secrets.file === undefined ? textOf(secrets.current) : 'kept in a file'),
    unset: 'kept in a file',
    good: asTheyAre(other, `ключ-${other}`),
    wrong: [
      ...['short', 'your-super-secret-jwt-key-change-me-now'],
      ...[`${other},${strong}`, ` ${other}`, `${other}\n`, `${other}\t`],
    ],
    beside: { env: production, good: asTheyAre(other), wrong: ['', 'short'] },
  },
  JWT_SECRET_KEY_PREVIOUS: {
    pick: ({ secrets }) => secrets.previous.map(textOf),
    unset: [],
    good: { [other]: [other], [`${other}, ${strong}`]: [other, strong] },
    wrong: [`${other},`, ',', `${other},short`],
    beside: { env: production, good: { [other]: [other] }, wrong: [`${other},short`] },
  },
  ADMIN_TOKEN: {
    pick: ({ secrets }) => secrets.admin && textOf(secrets.admin),
    unset: undefined,
    good: asTheyAre(other, `${other}.~+/=`),
    // The second is the key that is set beside it.
    wrong: [
      ...[`${other} b`, strong, `ключ-${other}`, `${other}=x`, `${other}\n`],
      ...['short', 'your-super-secret-admin-token-change-me-now'],
    ],
    beside: {
      env: { ...production, JWT_SECRET_KEY_PREVIOUS: other },
      good: asTheyAre(`${other}0`),
      wrong: ['short', other, strong],
    },
  },
  REFRESH_TOKEN_SECRET_KEY: {
    pick: ({ secrets }) => secrets.refresh && textOf(secrets.refresh.current),
    unset: undefined,
    good: asTheyAre(other),
    // The second is the key that is set beside it.
    wrong: ['short', strong, `${other},x`, ` ${other}`],
  },
  REFRESH_TOKEN_SECRET_KEY_PREVIOUS: {
    pick: ({ secrets }) => secrets.refresh?.previous.map(textOf),
    unset: undefined,
    good: {},
    wrong: ['short', `${other},`, other],
    beside: {
      env: { REFRESH_TOKEN_SECRET_KEY: other },
      // The way from one secret to two
      good: { [strong]: [strong], [`${strong}, ${other}0`]: [strong, `${other}0`] },
      wrong: ['short', `${strong},`],
    },
  },
  JWT_SIGNING_KEY: {
    pick: ({ secrets }) => secrets.signing?.current.algorithm,
    unset: undefined,
    good: {},
    wrong: [other, PEM.ES256.publicKey, PEM.ES256.privateKey],
    beside: {
      env: { ACCESS_TOKEN_ALGORITHM: 'ES256' },
      good: { [PEM.ES256.privateKey]: 'ES256', [PEM.ES256.privateKey.replaceAll('\n', '\\n')]: 'ES256' },
      wrong: [PEM.ES256.publicKey, PEM.EdDSA.privateKey, 'x', '{}', '{"keys":[]}'],
    },
  },
  JWT_SIGNING_KEY_NEXT: {
    pick: ({ secrets }) => secrets.signing?.next?.algorithm,
    unset: undefined,
    good: {},
    wrong: ['x', PEM.EdDSA.publicKey],
    beside: {
      env: { ACCESS_TOKEN_ALGORITHM: 'ES256', JWT_SIGNING_KEY: PEM.ES256.privateKey },
      good: { [PEM.EdDSA.publicKey]: 'EdDSA' },
      wrong: [PEM.EdDSA.privateKey, 'x'],
    },
  },
  ACCESS_TOKEN_ALGORITHM: {
    pick: ({ settings }) => settings.accessTokenAlgorithm,
    unset: 'HS256',
    good: asTheyAre('HS256', 'ES256', 'RS256', 'EdDSA'),
    wrong: ['none', 'es256', 'HS512', 'PS256'],
  },
  SIGNING_KEY_ROTATION_DAYS: {
    pick: ({ settings }) => settings.signingKeyRotation,
    unset: 90 * day,
    good: { 0: 0, 1: day, 3650: 3650 * day },
    wrong: [...notWhole, '3651'],
  },
  PUBLIC_URL: {
    pick: ({ settings }) => [settings.publicUrl, settings.issuer],
    unset: [undefined, undefined],
    good: { 'https://id.example.com/auth': ['https://id.example.com/auth', 'https://id.example.com/auth'] },
    wrong: [
      ...['https://id.example.com/', 'id.example.com', 'https://ada@id.example.com', 'ftp://id.example.com'],
      ...['https://id.example.com?x', 'https://id.example.com#x', 'https://'],
    ],
    beside: {
      env: { ...production, JWT_ISSUER: 'rekindle' },
      good: { 'https://id.example.com': ['https://id.example.com', 'rekindle'] },
      wrong: ['http://id.example.com'],
    },
  },
  DPOP_ACCESS_TOKENS: {
    pick: ({ settings }) => settings.bindsAccessTokens,
    unset: false,
    good: { true: true, false: false, 1: true, 0: false },
    wrong: notFlag,
    // A proof names the URL that it is for.
    beside: { env: production, good: { false: false }, wrong: ['true'] },
  },
  JWT_CLIENT_ID: {
    pick: ({ settings }) => settings.clientId,
    unset: undefined,
    good: asTheyAre('web', 'the app'),
    wrong: [' web', 'é', 'x'.repeat(257)],
  },
  REVOCATIONS_TOKEN: {
    pick: ({ secrets }) => secrets.revocations && textOf(secrets.revocations),
    unset: undefined,
    good: asTheyAre(other, `${other}.~+/=`),
    // The second is the key that is set beside it.
    wrong: [
      ...[`${other} b`, strong, `ключ-${other}`, `${other}=x`, `${other}\n`],
      ...['short', 'your-super-secret-admin-token-change-me-now'],
    ],
    beside: {
      env: { ...production, JWT_SECRET_KEY_PREVIOUS: other },
      good: asTheyAre(`${other}0`),
      wrong: ['short', other, strong],
    },
  },
  INTROSPECTION_TOKEN: {
    pick: ({ secrets }) => secrets.introspection && textOf(secrets.introspection),
    unset: undefined,
    good: asTheyAre(other, `${other}.~+/=`),
    // The second is the key that is set beside it.
    wrong: [
      ...[`${other} b`, strong, `ключ-${other}`, `${other}=x`, `${other}\n`],
      ...['short', 'your-super-secret-admin-token-change-me-now'],
    ],
    beside: {
      env: { ...production, JWT_SECRET_KEY_PREVIOUS: other },
      good: asTheyAre(`${other}0`),
      wrong: ['short', other, strong],
    },
  },
  JWT_ISSUER: {
    pick: ({ settings }) => settings.issuer,
    unset: undefined,
    good: asTheyAre('https://auth.example.com', 'rekindle', 'urn:example:auth'),
    wrong: [' rekindle', 'a b: c', '://x'],
  },
  JWT_AUDIENCE: {
    pick: ({ settings }) => settings.audience,
    unset: undefined,
    good: asTheyAre('https://api.example.com', 'api'),
    wrong: ['api\n', '1:2'],
  },
  ACCESS_TOKEN_EXPIRE_MINUTES: {
    pick: ({ settings }) => settings.accessTokenTtl,
    unset: 30 * minute,
    good: { 1: minute, 525600: 525600 * minute },
    wrong: [...notWhole, '0', '525601'],
  },
  REFRESH_TOKEN_EXPIRE_DAYS: {
    pick: ({ settings }) => settings.refreshTokenTtl,
    unset: 30 * day,
    good: { 1: day, 3650: 3650 * day },
    wrong: [...notWhole, '0', '3651'],
  },
  SESSION_MAX_AGE_DAYS: {
    pick: ({ settings }) => settings.sessionMaxAge,
    unset: 90 * day,
    good: { 1: day, 3650: 3650 * day },
    wrong: [...notWhole, '0', '3651'],
  },
  PASSWORD_RESET_EXPIRE_MINUTES: {
    pick: ({ settings }) => settings.passwordResetTtl,
    unset: 30 * minute,
    good: { 1: minute, 1440: day },
    wrong: [...notWhole, '0', '1441'],
  },
  SESSIONS_PER_USER: {
    pick: ({ settings }) => settings.sessionsPerUser,
    unset: 100,
    good: { 1: 1, 10000: 10_000 },
    wrong: [...notWhole, '0', '10001'],
  },
  REFRESH_TOKEN_ROTATION: {
    pick: ({ settings }) => settings.rotation,
    unset: true,
    good: { false: false, 0: false, True: true, 1: true },
    wrong: notFlag,
  },
  REFRESH_TOKEN_GRACE_SECONDS: {
    pick: ({ settings }) => settings.grace,
    unset: 30_000,
    good: { 0: 0, 600: 600_000 },
    wrong: [...notWhole, '601'],
  },
  REFRESH_TOKEN_LATE_RETRY_HOURS: {
    pick: ({ settings }) => settings.lateRetry,
    unset: 72 * 60 * minute,
    good: { 0: 0, 24: 24 * 60 * minute, 8760: 8760 * 60 * minute },
    wrong: [...notWhole, '8761'],
  },
  REFRESH_TOKEN_SHARED: {
    pick: ({ settings }) => settings.sharedTokens,
    unset: 'end',
    good: asTheyAre('end', 'report'),
    wrong: ['off', 'End', 'report '],
  },
  EXPIRED_TOKEN_WINDOW_MINUTES: {
    pick: ({ settings }) => settings.exchangeWindow,
    unset: 1440 * minute,
    good: { 0: 0, 525600: 525600 * minute },
    wrong: [...notWhole, '525601'],
  },
  DBSC: {
    pick: ({ settings }) => settings.dbsc,
    unset: 'off',
    good: asTheyAre('off', 'optional'),
    wrong: ['on', 'true', 'required'],
    beside: { env: { COOKIE_SECURE: 'false' }, good: asTheyAre('off'), wrong: ['optional'] },
  },
  EXCHANGE_SESSIONS: {
    pick: ({ settings }) => settings.exchangeSessions,
    unset: 'all',
    good: asTheyAre('all', 'unrotated'),
    wrong: ['none', 'All', 'unrotated '],
  },
  PASSWORD_MIN_LENGTH: {
    pick: ({ settings }) => settings.password.minLength,
    unset: 8,
    good: { 8: 8, 15: 15, 64: 64 },
    wrong: [...notWhole, '7', '65'],
  },
  PASSWORD_MEMORY_KIB: {
    pick: ({ settings }) => settings.password.memory,
    unset: 19_456,
    good: { 17920: 17_920, 1048576: 1_048_576 },
    wrong: [...notWhole, '7167', '1048577'],
    beside: { env: { PASSWORD_ITERATIONS: '5' }, good: { 7168: 7168 }, wrong: ['7167'] },
  },
  PASSWORD_ITERATIONS: {
    pick: ({ settings }) => settings.password.iterations,
    unset: 2,
    good: { 2: 2, 20: 20 },
    wrong: [...notWhole, '0', '1', '21'],
    beside: { env: { PASSWORD_MEMORY_KIB: '7168' }, good: { 5: 5 }, wrong: ['4', ''] },
  },
  REGISTRATION: {
    pick: ({ settings }) => settings.registration,
    unset: 'open',
    good: asTheyAre('open', 'closed'),
    wrong: ['Open', 'true'],
    beside: { env: production, good: { open: 'open', '': 'closed' }, wrong: ['Open'] },
  },
  EVENTS_RETENTION_DAYS: {
    pick: ({ settings }) => settings.eventsRetention,
    unset: 90 * day,
    good: { 1: day, 3650: 3650 * day },
    wrong: [...notWhole, '0', '3651'],
  },
  EVENTS_KEEP_DELETED_USERS: {
    pick: ({ settings }) => settings.keepEventsOfDeleted,
    unset: false,
    good: { true: true, false: false, 1: true, 0: false },
    wrong: notFlag,
  },
  EVENTS_WEBHOOK_URL: {
    pick: ({ settings }) => settings.webhook?.url,
    unset: undefined,
    good: {},
    wrong: [],
    beside: {
      env: { ...production, EVENTS_WEBHOOK_SECRET: other },
      good: asTheyAre(
        'https://example.com/hook?a=b',
        'http://127.0.0.1:9000/',
        'http://[::1]/',
        'http://localhost/',
      ),
      wrong: [
        ...[
          'example.com/hook',
          'ftp://example.com',
          'https://',
          'https://a b',
          'https://u:p@h/',
          'https://h/#x',
        ],
        ...['http://example.com/hook', 'http://10.0.0.1/', 'http://127.0.0.1.example.com/'],
      ],
    },
  },
  EVENTS_WEBHOOK_SECRET: {
    pick: ({ settings }) => settings.webhook?.secret,
    unset: undefined,
    good: {},
    wrong: ['short', `whsec_${'!'.repeat(50)}`, 'whsec_c2hvcnQ=', 'a'.repeat(40)],
    beside: {
      env: { EVENTS_WEBHOOK_URL: 'https://example.com/' },
      good: asTheyAre(other, `whsec_${strong}qU8v`),
      wrong: ['', 'short'],
    },
  },
  LOG_LEVEL: {
    pick: ({ settings }) => settings.logLevel,
    unset: 'info',
    good: asTheyAre('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    wrong: ['verbose', 'INFO', '30'],
  },
  LOG_PROBES: {
    pick: ({ settings }) => settings.logProbes,
    unset: true,
    good: { true: true, false: false, 1: true, 0: false },
    wrong: notFlag,
  },
}
