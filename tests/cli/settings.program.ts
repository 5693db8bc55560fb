/** `rekindle settings`, and what settings say when the service starts. */
import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { NAMES } from '../../src/config/environment.ts'
import { ENTRY, finish, MAIN, rekindle, start } from '../support/program.ts'
import { spawnService } from '../support/service-process.ts'
import { ADMIN_TOKEN, STRONG_SECRET } from '../support/values.ts'
import { fileOf, freshDatabase } from './fixtures.ts'

const production = { NODE_ENV: 'production', JWT_SECRET_KEY: STRONG_SECRET }

describe('rekindle settings', { concurrency: 3 }, () => {
  test('prints each setting once, as it is in force, and creates nothing', async (t) => {
    const database = freshDatabase(t)
    const { code, stdout, stderr } = await rekindle(['settings', '--json'], {
      ...database,
      PORT: '80',
      COOKIE_SECURE: '0',
    })
    assert.deepEqual([code, stderr], [0, ''])
    const settings: { name: string; value: unknown; from: string }[] = JSON.parse(stdout)
    assert.deepEqual(
      settings.map(({ name }) => name),
      NAMES,
    )
    const byName = Object.fromEntries(settings.map(({ name, value, from }) => [name, [value, from]]))
    assert.deepEqual(byName['PORT'], ['80', 'environment'])
    assert.deepEqual(byName['COOKIE_SECURE'], ['false', 'environment'])
    assert.deepEqual(byName['REFRESH_COOKIE_NAME'], ['refresh_token', 'default'])
    assert.deepEqual(byName['REGISTRATION'], ['open', 'default'])
    assert.deepEqual(byName['LIMIT_REGISTER_ADDRESS'], ['off', 'default'])
    assert.deepEqual(byName['LIMIT_SESSIONS_USER'], ['120/600', 'default'])
    assert.deepEqual(byName['METRICS_PORT'], [null, 'default'])
    assert.deepEqual(byName['TRUST_PROXY'], ['false', 'default'])
    assert.deepEqual(byName['JWT_SECRET_KEY'], [`will be created in ${fileOf(database)}.secret`, 'default'])
    assert.ok(!existsSync(`${fileOf(database)}.secret`))
  })

  test('masks every secret, wherever it comes from', async (t) => {
    const file = join(dirname(fileOf(freshDatabase(t))), 'url')
    writeFileSync(file, 'postgres://rekindle:hunter2@db.example.com/d?password=hunter3&sslmode=verify-full\n')
    const env = {
      ...production,
      DATABASE_URL_FILE: file,
      JWT_SECRET_KEY_PREVIOUS: ADMIN_TOKEN,
      ADMIN_TOKEN: `${ADMIN_TOKEN}a`,
      EVENTS_WEBHOOK_URL: 'https://hooks.example.com/services/T0K3N',
      EVENTS_WEBHOOK_SECRET: `${ADMIN_TOKEN}w`,
    }
    for (const args of [['settings'], ['settings', '--json']]) {
      const { code, stdout, stderr } = await rekindle(args, env)
      assert.deepEqual([code, stderr], [0, ''])
      for (const secret of ['hunter', 'T0K3N', ADMIN_TOKEN, STRONG_SECRET])
        assert.ok(!stdout.includes(secret), secret)
      assert.match(
        stdout,
        /postgres:\/\/rekindle:\*\*\*@db\.example\.com\/d\?password=\*\*\*&sslmode=verify-full/,
      )
      assert.match(stdout, /https:\/\/hooks\.example\.com\/\*\*\*/)
    }
    const { stdout } = await rekindle(['settings'], env)
    assert.match(stdout, /^DATABASE_URL +file +postgres:/m)
    assert.match(stdout, /^REGISTRATION +default +closed$/m)
  })

  test('reports mistakes as the service does, and warnings beside what is in force', async (t) => {
    const database = freshDatabase(t)
    const wrong = await rekindle(['settings'], { ...database, NODE_ENV: 'production', PORT: 'x' })
    assert.deepEqual([wrong.code, wrong.stdout], [2, ''])
    assert.match(
      wrong.stderr,
      /^rekindle: PORT [^\n]+\nrekindle: JWT_SECRET_KEY is required in production: [^\n]+\n$/,
    )
    const unsafe = { ...database, ...production, COOKIE_SECURE: 'false', ACCESS_TOKEN_EXPIRES_MINUTES: '5' }
    const { code, stderr } = await rekindle(['settings'], unsafe)
    assert.equal(code, 0)
    assert.match(
      stderr,
      /^rekindle: ACCESS_TOKEN_EXPIRES_MINUTES is not [^\n]+\nrekindle: COOKIE_SECURE is false: [^\n]+\n$/,
    )
  })
})

test('other commands name a variable that looks like a setting as well', async (t) => {
  const { stderr } = await rekindle(['users', 'list'], { ...freshDatabase(t), DATABASE_URI: 'sqlite:./x.db' })
  assert.match(
    stderr,
    /^rekindle: DATABASE_URI is not a setting and has no effect: is DATABASE_URL meant\?$/m,
  )
})

/** A port on which nothing listens, and one on which something does */
async function ports(t: { after(stop: () => void): void }): Promise<{ free: number; taken: number }> {
  const servers = await Promise.all(
    [0, 1].map(
      () =>
        new Promise<{ port: number; close: () => void }>((resolve) => {
          const server = createServer()
          server.listen(0, '127.0.0.1', () =>
            resolve({ port: (server.address() as { port: number }).port, close: () => server.close() }),
          )
        }),
    ),
  )
  servers[0]?.close()
  t.after(() => servers[1]?.close())
  return { free: servers[0]?.port ?? 0, taken: servers[1]?.port ?? 0 }
}

describe('a failed start names the setting', { concurrency: 3 }, () => {
  test('DATABASE_URL, when nothing listens there', async (t) => {
    const { free } = await ports(t)
    const DATABASE_URL = `postgres://u:hunter2@127.0.0.1:${free}/d`
    for (const args of [['serve'], ['users', 'list']]) {
      const { code, stderr } = await rekindle(args, { DATABASE_URL, JWT_SECRET_KEY: STRONG_SECRET })
      assert.equal(code, 1)
      assert.match(
        stderr,
        /^rekindle: (?:postgres:\S+: )?the database of DATABASE_URL is not available: connect ECONNREFUSED [^\n]+\n$/,
      )
      assert.doesNotMatch(stderr, /hunter2/)
    }
  })

  test('PORT, METRICS_PORT and HOST', async (t) => {
    const { taken } = await ports(t)
    for (const [env, expected] of [
      [
        { PORT: String(taken) },
        /^rekindle: PORT: listen EADDRINUSE: [^\n]+: stop the other program, or set another port\n$/,
      ],
      [{ PORT: '0', METRICS_PORT: String(taken) }, /^rekindle: METRICS_PORT: listen EADDRINUSE: [^\n]+\n$/],
      [{ PORT: '0', HOST: '192.0.2.1' }, /^rekindle: HOST: listen EADDRNOTAVAIL: [^\n]+\n$/],
      [
        { PORT: '0', METRICS_PORT: '0', METRICS_HOST: '192.0.2.1' },
        /^rekindle: METRICS_HOST: listen EADDR[^\n]+\n$/,
      ],
    ] as const) {
      const { code, stderr } = await rekindle(['serve'], { ...freshDatabase(t), ...env })
      assert.equal(code, 1)
      assert.match(stderr, expected)
    }
  })
})

describe('in production a start that fails is told in lines of the log', { concurrency: 3 }, () => {
  for (const [name, args] of [
    ['serve', [ENTRY, 'serve']],
    ['main.cjs', [MAIN]],
  ] as const) {
    test(name, async (t) => {
      const { taken } = await ports(t)
      for (const [env, code, ...messages] of [
        [{ PORT: 'x', JWT_SECRET_KEY: '' }, 2, /^PORT must /, /^JWT_SECRET_KEY is required /],
        [{ PORT: String(taken) }, 1, /^PORT: listen EADDRINUSE: /],
        [{ DATABASE_URL: `sqlite:${dirname(fileOf(freshDatabase(t)))}` }, 1, /^cannot open the database /],
      ] as const) {
        const result = await finish(start(args, { ...freshDatabase(t), ...production, ...env }))
        assert.deepEqual([result.code, result.stderr], [code, ''])
        const lines = result.stdout
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line))
          // Before it fails to listen, it makes and migrates the database.
          .filter(({ level }) => level > 40)
        assert.equal(lines.length, messages.length)
        for (const [at, message] of messages.entries()) {
          const { level, time, msg, ...others } = lines[at]
          assert.match(msg, message)
          assert.deepEqual([level, others], [60, {}])
          assert.equal(new Date(time).toISOString(), time)
        }
      }
    })
  }

  test('with the stack for who asks for it', async (t) => {
    const DATABASE_URL = `sqlite:${dirname(fileOf(freshDatabase(t)))}`
    const { stdout } = await finish(
      start([ENTRY, 'serve'], { ...production, DATABASE_URL, LOG_LEVEL: 'debug' }),
    )
    assert.match(JSON.parse(stdout).err.stack, /\n {4}at /)
  })
})

test('secrets and DATABASE_URL from files are enough for a service in production', async (t) => {
  const database = freshDatabase(t)
  const directory = dirname(fileOf(database))
  const write = (name: string, text: string) => {
    writeFileSync(join(directory, name), `${text}\n`)
    return join(directory, name)
  }
  const service = await spawnService(t, {
    NODE_ENV: 'production',
    JWT_SECRET_KEY_FILE: write('key', STRONG_SECRET),
    DATABASE_URL_FILE: write('url', database.DATABASE_URL),
    ADMIN_TOKEN_FILE: write('token', `${ADMIN_TOKEN}a`),
  })
  const Authorization = `Bearer ${ADMIN_TOKEN}a`
  assert.equal((await fetch(`${service.url}/admin/users`, { headers: { Authorization } })).status, 200)
})
