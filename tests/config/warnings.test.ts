/** Settings that are allowed, and probably not meant or not safe. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookalikes } from '../../src/config/lookalikes.ts'
import { readServiceSettings, readSettings, SettingsError } from '../../src/config/settings.ts'
import { fresh } from './fresh.ts'
import { strong } from './rows.ts'

// Names that people wrote or are likely to write, and what they meant
const MEANT: Readonly<Record<string, string>> = {
  ACCESS_TOKEN_EXPIRES_MINUTES: 'ACCESS_TOKEN_EXPIRE_MINUTES',
  ACCESS_TOKEN_EXPIRE_HOURS: 'ACCESS_TOKEN_EXPIRE_MINUTES',
  ACCESS_TOKEN_TTL: 'ACCESS_TOKEN_EXPIRE_MINUTES',
  REFRESH_TOKEN_EXPIRES_DAYS: 'REFRESH_TOKEN_EXPIRE_DAYS',
  REFRESH_TOKEN_EXPIRE_MINUTES: 'REFRESH_TOKEN_EXPIRE_DAYS',
  REFRESH_TOKEN_GRACE: 'REFRESH_TOKEN_GRACE_SECONDS',
  SESSION_MAX_AGE: 'SESSION_MAX_AGE_DAYS',
  SESSION_PER_USER: 'SESSIONS_PER_USER',
  JWT_SECRET: 'JWT_SECRET_KEY',
  JWT_SECRET_KEY_OLD: 'JWT_SECRET_KEY',
  JWT_SECRET_KEYS_PREVIOUS: 'JWT_SECRET_KEY_PREVIOUS',
  JWT_SECRET_KEY_FLIE: 'JWT_SECRET_KEY_FILE',
  DATABASE_URI: 'DATABASE_URL',
  DATABASE_URL_TEST: 'DATABASE_URL',
  REKINDLE_DATABASE_URL: 'DATABASE_URL',
  REKINDLE_PORT: 'PORT',
  CORS_ORIGIN: 'CORS_ORIGINS',
  CORS_ALLOWED_ORIGINS: 'CORS_ORIGINS',
  CORS_ALLOW_HEADERS: 'CORS_ALLOWED_HEADERS',
  COOKIE_SAMESITE: 'COOKIE_SAME_SITE',
  TRUST_PROXIES: 'TRUST_PROXY',
  LOGLEVEL: 'LOG_LEVEL',
  log_level: 'LOG_LEVEL',
  LIMIT_LOGIN_IP: 'LIMIT_LOGIN_DELAY',
  PASSWORD_MIN_LEN: 'PASSWORD_MIN_LENGTH',
  EVENT_WEBHOOK_URL: 'EVENTS_WEBHOOK_URL',
  NODE_EVN: 'NODE_ENV',
}

test('a misspelt setting is named, with the one that is meant', () => {
  for (const [name, meant] of Object.entries(MEANT))
    assert.deepEqual(lookalikes({ [name]: '5' }), [
      `${name} is not a setting and has no effect: is ${meant} meant?`,
    ])
})

test('variables of other programs are not named, nor are settings and empty ones', () => {
  const others = `PATH HOME HOST HOSTNAME SORT POST USER SHELL LANG PWD TERM TMPDIR NODE_OPTIONS NODE_COMPILE_CACHE
    NODE_EXTRA_CA_CERTS NODE_VERSION NODE_PATH PGHOST PGSSLMODE PGPASSWORD AWS_SECRET_ACCESS_KEY AWS_ACCESS_KEY_ID
    AWS_SESSION_TOKEN GITHUB_TOKEN GITHUB_REF_NAME CI npm_config_user_agent npm_lifecycle_event INIT_CWD
    KUBERNETES_SERVICE_HOST KUBERNETES_PORT_443_TCP REKINDLE_SERVICE_HOST REKINDLE_SERVICE_PORT
    REKINDLE_PORT_8787_TCP_ADDR DYNO WEB_CONCURRENCY MEMORY_AVAILABLE INVOCATION_ID JOURNAL_STREAM NOTIFY_SOCKET
    CREDENTIALS_DIRECTORY STATE_DIRECTORY LOGS_DIRECTORY COLORTERM FORCE_COLOR NO_COLOR EDITOR SSH_AUTH_SOCK
    OTEL_EXPORTER_OTLP_ENDPOINT SENTRY_DSN DATADOG_API_KEY HTTP_PROXY no_proxy REDIS_URL SMTP_PASSWORD
    STRIPE_SECRET_KEY DJANGO_SECRET_KEY SESSION_SECRET METRICS_ENABLED LIMITS REGISTRATION_URL`
  const env = Object.fromEntries(others.split(/\s+/).map((name) => [name, '5']))
  // Kubernetes describes services so.
  Object.assign(env, {
    REKINDLE_PORT: 'tcp://10.0.0.1:8787',
    DATABASE_URL: 'sqlite:./x.db',
    DATABASE_URL_UNPOOLED: 'x',
    JWT_SECRET_KEY_FILE: '/x',
    JWT_SECRET: 'x',
  })
  assert.deepEqual(lookalikes({ ...env, ADMIN_TOKEN_FILE: '/x', ACCESS_TOKEN_EXPIRES_MINUTES: '' }), [])
})

test('they are warnings of the service, without their values', () => {
  const canary = 'hunter2canary'
  const { warnings } = readServiceSettings({ ...fresh().env, JWT_SECRET: canary })
  assert.deepEqual(warnings, ['JWT_SECRET is not a setting and has no effect: is JWT_SECRET_KEY meant?'])
})

test('production warns of a cookie that others can read or set, and of a plain database', () => {
  const production = { ...fresh().env, NODE_ENV: 'production', JWT_SECRET_KEY: strong }
  const plain = { DATABASE_URL: 'postgres://u:hunter2@h/d?sslmode=disable' }
  for (const [env, ...names] of [
    [{}],
    [{ COOKIE_SECURE: 'false' }, 'COOKIE_SECURE'],
    [{ COOKIE_SECURE: 'false', REFRESH_COOKIE_NAME: 'rt' }, 'COOKIE_SECURE'],
    [{ REFRESH_COOKIE_NAME: 'rt' }, 'REFRESH_COOKIE_NAME'],
    [{ REFRESH_COOKIE_NAME: '__Secure-rt' }],
    [{ ...plain }, 'DATABASE_URL'],
    [{ DATABASE_URL: 'postgres://localhost/d?sslmode=disable' }],
    [{ DATABASE_URL: 'postgres://h/d?sslmode=verify-full' }],
  ] as const) {
    const { warnings } = readServiceSettings({ ...production, ...env })
    assert.deepEqual(
      warnings.map((line) => line.split(' ')[0]),
      names,
    )
    assert.doesNotMatch(warnings.join(), /hunter2/)
    assert.deepEqual(readServiceSettings({ ...production, ...env, NODE_ENV: 'development' }).warnings, [])
  }
})

test('PGHOST and PGSSLMODE count as they do for pg', () => {
  const production = { NODE_ENV: 'production', DATABASE_URL: 'postgres:///d' }
  assert.throws(
    () => readSettings({ ...production, PGHOST: 'db.example.com' }),
    /^SettingsError: DATABASE_URL /,
  )
  readSettings({ ...production, PGHOST: 'db.example.com', PGSSLMODE: 'verify-full' })
  readSettings({ ...production, PGHOST: '/run/postgresql' })
})

test('wrong entries are shown, unless they may be a secret', () => {
  const mistake = (env: Record<string, string>) => {
    try {
      readSettings(env)
    } catch (error) {
      if (error instanceof SettingsError) return error.message.replace(/.*; wrong: /, '')
    }
    return assert.fail()
  }
  const origin = (text: string) => mistake({ CORS_ORIGINS: `https://a.example,${text}` })
  assert.equal(origin('https://B.example/'), 'entry 2 (browsers send https://b.example)')
  assert.equal(origin('https://b.example:443'), 'entry 2 (browsers send https://b.example)')
  assert.equal(origin('https://b.example/hooks/T0K3N'), 'entry 2 (browsers send https://b.example)')
  assert.equal(origin('b.example,*'), 'entry 2 (b.example), entry 3 (*)')
  assert.equal(origin('https://*.b.example'), 'entry 2 (https://*.b.example)')
  assert.equal(origin('https://u:hunter2@b.example'), 'entry 2')
  assert.equal(origin('hunter2'), 'entry 2')
  assert.equal(mistake({ CORS_ALLOWED_HEADERS: 'a,*' }), 'entry 2 (*)')
  assert.equal(mistake({ TRUST_PROXY: '10.0.0.1, 10.0.0/8' }), '10.0.0/8')
  assert.equal(mistake({ TRUST_PROXY: 'true' }), 'true')
  assert.doesNotMatch(mistake({ TRUST_PROXY: `10.0.0.1,${strong}` }), new RegExp(strong))
})
