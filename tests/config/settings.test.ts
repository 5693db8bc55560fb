import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readServiceSettings, readSettings, SettingsError } from '../../src/config/settings.ts'
import { fresh } from './fresh.ts'
import type { Environment } from './row.ts'
import { other, rows, strong } from './rows.ts'

const service = { ...fresh().env, JWT_SECRET_KEY: strong }

/** The mistakes of an environment; fails when it has none. */
function mistakesOf(env: Environment): readonly string[] {
  try {
    readServiceSettings(env)
  } catch (error) {
    assert(error instanceof SettingsError, String(error))
    assert.equal(error.message, error.mistakes.join('\n'))
    return error.mistakes
  }
  return assert.fail(`no mistake in ${JSON.stringify(env)}`)
}

test('each documented variable has a row, and no other one is read', () => {
  const documented =
    `JWT_SECRET_KEY JWT_SECRET_KEY_PREVIOUS ADMIN_TOKEN REVOCATIONS_TOKEN INTROSPECTION_TOKEN PUBLIC_URL JWT_ISSUER JWT_AUDIENCE NODE_ENV
    ACCESS_TOKEN_EXPIRE_MINUTES REFRESH_TOKEN_EXPIRE_DAYS SESSION_MAX_AGE_DAYS REFRESH_TOKEN_ROTATION
    REFRESH_TOKEN_GRACE_SECONDS REFRESH_TOKEN_LATE_RETRY_HOURS REFRESH_TOKEN_SHARED DBSC EXPIRED_TOKEN_WINDOW_MINUTES EXCHANGE_SESSIONS DATABASE_URL HOST PORT REGISTRATION
    PASSWORD_MIN_LENGTH PASSWORD_MEMORY_KIB PASSWORD_ITERATIONS METRICS_HOST METRICS_PORT
    REFRESH_COOKIE_NAME COOKIE_SECURE COOKIE_SAME_SITE CORS_ORIGINS CORS_ALLOWED_HEADERS TRUST_PROXY EVENTS_RETENTION_DAYS EVENTS_WEBHOOK_URL
    PASSWORD_RESET_EXPIRE_MINUTES EVENTS_KEEP_DELETED_USERS PUBLIC_URL DPOP_ACCESS_TOKENS
    EVENTS_WEBHOOK_SECRET LOG_LEVEL LOG_PROBES SESSIONS_PER_USER DRAIN_SECONDS DATABASE_POOL_SIZE
    DATABASE_PREPARED_STATEMENTS
    LIMIT_LOGIN_ADDRESS LIMIT_LOGIN_ACCOUNT LIMIT_LOGIN_DELAY LIMIT_REGISTER_ADDRESS LIMIT_PASSWORD_ADDRESS
    LIMIT_SESSIONS_USER LIMIT_SESSIONS_ADDRESS LIMIT_REFRESH_SESSION LIMIT_REFRESH_USER LIMIT_FAILURES_ADDRESS
    REFRESH_TOKEN_SECRET_KEY REFRESH_TOKEN_SECRET_KEY_PREVIOUS JWT_SIGNING_KEY JWT_SIGNING_KEY_NEXT
    ACCESS_TOKEN_ALGORITHM SIGNING_KEY_ROTATION_DAYS PUBLIC_URL JWT_CLIENT_ID
    ADOPT_SECRET ADOPT_JWKS ADOPT_UNTIL ADOPT_ALGORITHMS ADOPT_ISSUER ADOPT_AUDIENCE ADOPT_USER_CLAIM ADOPT_USER_BY
    ADOPT_REFRESH_TOKENS ADOPT_ACCESS_TOKENS ADOPT_COOKIE_NAME`.split(/\s+/)
  assert.deepEqual(new Set(Object.keys(rows)), new Set(documented))

  const read = new Set<string | symbol>()
  const get = (env: Record<string, string>, name: string) => {
    read.add(name)
    return env[name]
  }
  readServiceSettings(new Proxy<Record<string, string>>({ ...service }, { get }))
  const files = [
    'JWT_SECRET_KEY',
    'JWT_SECRET_KEY_PREVIOUS',
    'REFRESH_TOKEN_SECRET_KEY',
    'REFRESH_TOKEN_SECRET_KEY_PREVIOUS',
    'JWT_SIGNING_KEY',
    'JWT_SIGNING_KEY_NEXT',
    'ADMIN_TOKEN',
    'REVOCATIONS_TOKEN',
    'INTROSPECTION_TOKEN',
    'ADOPT_SECRET',
    'EVENTS_WEBHOOK_SECRET',
    'DATABASE_URL',
  ]
  assert.deepEqual(read, new Set<string | symbol>([...documented, ...files.map((name) => `${name}_FILE`)]))
})

for (const [name, row] of Object.entries(rows)) {
  const variants = [{ env: {}, ...row }, ...(row.beside === undefined ? [] : [row.beside])]

  test(`${name}: good`, () => {
    for (const { env, good } of variants) {
      for (const [value, expected] of Object.entries(good)) {
        assert.deepEqual(
          row.pick(readServiceSettings({ ...service, ...env, [name]: value })),
          expected,
          value,
        )
      }
    }
  })

  test(`${name}: missing or empty`, () => {
    for (const value of [undefined, '']) {
      // The default database is in the working directory, and no secret must be kept there.
      if (name === 'DATABASE_URL') assert.deepEqual(readSettings({ [name]: value }).database, row.unset)
      else assert.deepEqual(row.pick(readServiceSettings({ ...service, [name]: value })), row.unset)
    }
  })

  test(`${name}: wrong`, () => {
    for (const { env, wrong } of variants) {
      for (const value of wrong) {
        const mistakes = mistakesOf({ ...service, ...env, [name]: value })
        assert.equal(mistakes.length, 1, `${value}: ${mistakes.join(' | ')}`)
        assert.match(mistakes[0] ?? '', new RegExp(`^${name} [^\n]+$`), value)
      }
    }
  })
}

test('several mistakes are reported at once, one line each', () => {
  const mistakes = mistakesOf({
    NODE_ENV: 'production',
    PORT: 'http',
    DATABASE_URL: 'mysql://h/d',
    COOKIE_SECURE: 'false',
    REFRESH_COOKIE_NAME: '__Host-a',
    LOG_LEVEL: 'loud',
    JWT_SECRET_KEY: 'short',
    JWT_SECRET_KEY_PREVIOUS: `short,${other},secret`,
    ADMIN_TOKEN: 'two words',
  })
  assert.deepEqual(
    mistakes.map((line) => line.replace(/ (must|is) .*/, '')),
    [
      ...['PORT', 'DATABASE_URL', 'LOG_LEVEL', 'REFRESH_COOKIE_NAME', 'JWT_SECRET_KEY'],
      ...['JWT_SECRET_KEY_PREVIOUS entry 1', 'JWT_SECRET_KEY_PREVIOUS entry 3'],
      ...['ADMIN_TOKEN', 'ADMIN_TOKEN'],
    ],
  )
})

// Mistakes that earlier versions did not report, because another mistake hid them.
const url = 'https://hooks.example/'
const together: Readonly<Record<string, readonly [Environment, ...string[]]>> = {
  'a webhook without a secret': [
    { PORT: 'x', EVENTS_WEBHOOK_URL: url },
    'PORT must',
    'EVENTS_WEBHOOK_SECRET is required',
  ],
  'a webhook over plain http': [
    {
      NODE_ENV: 'production',
      PORT: 'x',
      EVENTS_WEBHOOK_URL: 'http://hooks.example/',
      EVENTS_WEBHOOK_SECRET: other,
    },
    'PORT must',
    'EVENTS_WEBHOOK_URL must be https',
  ],
  'both of the webhook': [
    { NODE_ENV: 'production', EVENTS_WEBHOOK_URL: 'http://hooks.example/' },
    'EVENTS_WEBHOOK_SECRET is required',
    'EVENTS_WEBHOOK_URL must be https',
  ],
  'a wrong webhook without a secret': [
    { EVENTS_WEBHOOK_URL: 'hooks.example' },
    'EVENTS_WEBHOOK_URL must be an https',
    'EVENTS_WEBHOOK_SECRET is required',
  ],
  'a wrong webhook with a wrong secret': [
    { NODE_ENV: 'production', EVENTS_WEBHOOK_URL: 'hooks.example', EVENTS_WEBHOOK_SECRET: 'short' },
    'EVENTS_WEBHOOK_URL must be an https',
    'EVENTS_WEBHOOK_SECRET is shorter',
  ],
  'no secret beside a wrong URL of PostgreSQL': [
    { JWT_SECRET_KEY: '', DATABASE_URL: 'postgres://h:99999/d' },
    'DATABASE_URL must',
    'JWT_SECRET_KEY is required when',
  ],
  'previous secrets around an empty one': [
    { JWT_SECRET_KEY_PREVIOUS: `short,,${other},`, ADMIN_TOKEN: other },
    'JWT_SECRET_KEY_PREVIOUS has an empty entry',
    'JWT_SECRET_KEY_PREVIOUS entry 1 is shorter',
    'ADMIN_TOKEN must differ',
  ],
  'a cost that is too low, and anything else': [
    { PASSWORD_ITERATIONS: '1', COOKIE_SECURE: 'false', REFRESH_COOKIE_NAME: '__Host-a', HOST: '*' },
    'HOST must',
    'REFRESH_COOKIE_NAME must not',
    'PASSWORD_ITERATIONS times',
  ],
}

for (const [name, [env, ...expected]] of Object.entries(together)) {
  test(`at once: ${name}`, () => {
    const mistakes = mistakesOf({ ...service, ...env })
    assert.deepEqual(
      mistakes.map((line, at) => line.slice(0, expected[at]?.length)),
      expected,
    )
  })
}

test('any two wrong values are two lines, whatever they are of', () => {
  const singles = Object.entries(rows).flatMap(([name, { wrong }]) =>
    wrong.slice(0, 1).map((value) => ({ name, value })),
  )
  for (const [at, one] of singles.entries()) {
    for (const two of singles.slice(at + 1)) {
      const mistakes = mistakesOf({ ...service, [one.name]: one.value, [two.name]: two.value })
      for (const { name } of [one, two])
        assert(
          mistakes.some((line) => line.startsWith(`${name} `)),
          `${one.name} and ${two.name}: ${mistakes.join(' | ')}`,
        )
    }
  }
})

test('no message repeats a value: neither a secret nor a password, wherever it was written', () => {
  const canary = 'hunter2canary'
  const values = [canary, `postgres://u:${canary}@h:x/d`, `sqlite://${canary}`, `<${canary}>,${canary}`]
  const environments = Object.keys(rows).flatMap((name) =>
    values.map((value) => ({ ...service, [name]: value })),
  )
  for (const env of environments.flatMap((env) => [env, { NODE_ENV: 'production', ...env }])) {
    let lines: unknown
    try {
      lines = readServiceSettings(env).warnings
    } catch (error) {
      assert(error instanceof SettingsError)
      lines = [error.message, error.stack, error.cause, error.mistakes]
    }
    assert(!JSON.stringify(lines).includes(canary), JSON.stringify(lines))
  }
})

test('settings are frozen to the ground', () => {
  const env = { ...service, CORS_ORIGINS: 'https://a.example', TRUST_PROXY: '::1' }
  const { settings, secrets, warnings } = readServiceSettings(env)
  const parts = [settings, ...Object.values(settings), ...Object.values(settings.limits)]
  for (const part of [...parts, secrets, secrets.previous, warnings]) {
    assert(Object.isFrozen(part), JSON.stringify(part))
  }
  assert(Object.isFrozen(readSettings({}).database))
})

test('the command line needs no secret', () => {
  assert.equal(readSettings({ NODE_ENV: 'production' }).production, true)
  assert.throws(() => readSettings({ PORT: 'x' }), SettingsError)
})
