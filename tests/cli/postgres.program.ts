/** The command on PostgreSQL; and the password in the address is nobody's business. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { migrations } from '../../src/store/migrations.ts'
import { checkedFetch } from '../support/check-response.ts'
import { freshDatabase } from '../support/database.ts'
import { rekindle } from '../support/program.ts'
import { post, spawnService } from '../support/service-process.ts'

const JWT_SECRET_KEY = 'qU8vXk2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3MgRoViKt5'
const PASSWORD = 'correct horse battery staple'

test('migrate, users, sessions, prune and the service', async (t) => {
  const database = await freshDatabase(t, 'postgres', 'template0')
  assert.ok(database.dialect === 'postgres')
  const env = { DATABASE_URL: database.url.replace('postgres:', 'postgresql:') }
  const { host, pathname } = new URL(database.url)
  const here = `postgres://${host}${pathname}: `
  const names = Object.keys(migrations)
  const all = `${here}${names.length} migrations run:\n${names.join('\n')}\n`
  assert.equal((await rekindle(['migrate'], env)).stdout, all)
  assert.equal((await rekindle(['users', 'add', 'ada'], env, PASSWORD)).code, 0)
  const service = await spawnService(t, { ...env, JWT_SECRET_KEY, LOG_LEVEL: 'trace' })
  const login = await post(`${service.url}/api/auth/login`, { body: { username: 'ada', password: PASSWORD } })
  assert.equal(login.status, 200)
  assert.equal((await checkedFetch(`${service.url}/readyz`)).status, 200)
  assert.match((await rekindle(['sessions', 'list', '--user', 'ada'], env)).stdout, / ada /)
  const { stdout } = await rekindle(['users', 'deactivate', 'ada'], env)
  assert.equal(stdout, `${here}User ada deactivated, 1 session ended.\n`)
  const refreshed = await post(`${service.url}/refresh_token`, {
    token: login.body.data['refresh_token'] ?? '',
  })
  assert.equal(refreshed.status, 403)
  assert.equal(
    (await rekindle(['prune'], env)).stdout,
    `${here}0 sessions, 0 revoked tokens, 0 events deleted.\n`,
  )
  assert.equal(await service.stop('SIGTERM'), 0)
})

test('a database that is not there: one line, without the password, at any level', async () => {
  for (const LOG_LEVEL of ['info', 'trace']) {
    const env = { DATABASE_URL: 'postgres://ada:hunter22@127.0.0.1:1/x', JWT_SECRET_KEY, LOG_LEVEL }
    for (const command of [['users', 'list'], ['serve']]) {
      const { code, stdout, stderr } = await rekindle(command, env)
      assert.equal(code, 1)
      assert.match(stderr, /^rekindle: .*ECONNREFUSED/)
      assert.doesNotMatch(stdout + stderr, /hunter22/)
    }
  }
})

test('without a secret the service does not start: there is no file to keep one beside', async () => {
  const { code, stderr } = await rekindle(['serve'], {
    DATABASE_URL: 'postgres://ada:hunter22@127.0.0.1:1/x',
  })
  assert.equal(code, 2)
  assert.match(stderr, /JWT_SECRET_KEY is required when DATABASE_URL is PostgreSQL/)
})
