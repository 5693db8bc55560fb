/** `rekindle users export`: all that is kept of a user, as JSON that a terminal can show. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test as testOnce } from 'node:test'
import { createLimits } from '../../src/limits/limits.ts'
import { createNames } from '../../src/limits/names.ts'
import { connect, test } from '../support/database.ts'
import { rekindle } from '../support/program.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, LIMITS, override, STRONG_SECRET, startService } from '../support/service.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { failedIn, madeDatabase } from './fixtures.ts'

const HOSTILE = 'Mozilla \u009b2J\u202e'

const environment = ({ database }: Service) => ({
  DATABASE_URL: database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url,
  JWT_SECRET_KEY: STRONG_SECRET,
})

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

/** Ada has a session that was refreshed and exchanged, one that has ended, and a failed login. */
async function live(service: Service) {
  const { core } = service
  // The secret of other tests is too weak for the command.
  const names = createNames({ current: Buffer.from(STRONG_SECRET), previous: [] })
  override(core, { names, limits: createLimits(core.settings, { ...core, names }) })
  const { id } = await service.register()
  await service.register('grace')
  await service.tryLogin(undefined, 'grace')
  await service.tryLogin(undefined, 'ada', { headers: { 'User-Agent': 'a telephone' } })
  const { accessToken, refreshToken } = await service.login()
  await service.refresh(refreshToken)
  await service.exchange(accessToken)
  await service.core.db.updateTable('sessions').set({ user_agent: HOSTILE }).execute()
  const ended = await service.login()
  await service.request('/api/auth/logout', { method: 'POST', bearer: ended.refreshToken })
  await service.tryLogin('a typing error')
  const asked = { method: 'POST', bearer: ADMIN_TOKEN }
  const { body } = await service.request(`/admin/users/${id}/password_reset`, asked)
  const token = body.data.reset_token
  return {
    id,
    secrets: [token, hashOf(token), accessToken, refreshToken, ended.accessToken, ended.refreshToken],
  }
}

test('account, sessions, exchanged tokens, events and limits, and no secret', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  const { id, secrets } = await live(service)
  const { code, stdout, stderr } = await rekindle(['users', 'export', 'ADA'], environment(service))
  assert.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  assert.doesNotMatch(stdout.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u)
  for (const secret of [...secrets, '$argon2', STRONG_SECRET]) assert.ok(!stdout.includes(secret))
  const kept = JSON.parse(stdout)
  assert.deepEqual(Object.keys(kept), [
    ...['user', 'sessions', 'password_reset', 'exchanged_tokens', 'adopted_tokens', 'events', 'limits'],
  ])
  assert.deepEqual(Object.keys(kept.password_reset), ['expires_at', 'used_at'])
  assert.deepEqual([kept.user.id, kept.user.username], [id, 'ada'])
  assert.equal(kept.sessions.length, 3)
  assert.ok(kept.sessions.some((session: { user_agent: string }) => session.user_agent === HOSTILE))
  const reasons = kept.sessions.map((session: { revoked_reason: string | null }) => session.revoked_reason)
  assert.deepEqual(reasons.filter(Boolean), ['logout'])
  assert.equal(kept.exchanged_tokens.length, 1)
  assert.deepEqual(
    kept.events.map(({ type }: { type: string }) => type),
    [
      ...['user.registered', 'session.opened', 'session.opened', 'session.opened'],
      ...['session.revoked', 'login.failed', 'password.reset_requested'],
    ],
  )
  assert.deepEqual(
    kept.limits.map(({ limit, of }: { limit: string; of: string | null }) => [limit, of]).sort(),
    [
      // Before the address was known, and since
      ['login-account', null],
      ['login-account', '127.0.0.1'],
      ['login-address', '127.0.0.1'],
      ['login-delay', '127.0.0.1'],
      ['login-seen', '127.0.0.1'],
      ['sessions-user', null],
    ],
  )
  // The counters are found by the secret, wherever it is.
  const { JWT_SECRET_KEY, ...place } = environment(service)
  const directory = temporaryDirectory('export')
  t.after(() => rmSync(directory, { recursive: true }))
  const file = join(directory, 'key')
  writeFileSync(file, `${JWT_SECRET_KEY}\n`)
  const again = await rekindle(['users', 'export', 'ADA'], { ...place, JWT_SECRET_KEY_FILE: file })
  assert.deepEqual(JSON.parse(again.stdout), kept)
})

test('complete: every row that names the user, its sessions or its name is in it', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  const { id } = await live(service)
  const { stdout } = await rekindle(['users', 'export', id], environment(service))
  const kept = JSON.parse(stdout)
  const connection = await connect(service.database)
  t.after(() => connection.close())
  const count = async (from: string) => (await connection.query(`select * from ${from}`)).length
  const ofAda = `session_id in (select id from sessions where user_id = '${id}')`
  assert.equal(kept.sessions.length, await count(`sessions where user_id = '${id}'`))
  assert.equal(kept.events.length, await count(`events where user_id = '${id}' or ${ofAda}`))
  assert.equal(kept.exchanged_tokens.length, await count(`revoked_tokens where ${ofAda}`))
  const hash = service.core.names.hash('ada')
  assert.equal(kept.limits.length, await count(`rate_limits where key like '%${hash}%' or user_id = '${id}'`))
})

testOnce('nobody of that name, and a wrong secret', async (t) => {
  const database = await madeDatabase(t)
  const nobody = failedIn(database, 'no such user: eve')
  assert.deepEqual(await rekindle(['users', 'export', 'eve'], database), nobody)
  const weak = await rekindle(['users', 'export', 'eve'], { ...database, JWT_SECRET_KEY: 'weak' })
  assert.equal(weak.code, 2)
  assert.match(weak.stderr, /^rekindle: JWT_SECRET_KEY is shorter than 32 bytes/)
  const url = 'postgres://ada@127.0.0.1:9/ada'
  assert.equal((await rekindle(['users', 'export', 'eve'], { DATABASE_URL: url })).code, 2)
})

test('a colon in an id: the counters of another user stay with that one', async (t) => {
  const service = await startService(t)
  for (const [id, points] of [
    ['7', 1],
    ['7:8', 2],
  ] as const) {
    const json = { id, username: `user ${id}` }
    assert.equal((await service.request('/admin/users', { bearer: ADMIN_TOKEN, json })).status, 201)
    const row = { key: `refresh-user:${id}`, points, expires_at: service.clock.now }
    await service.core.db.insertInto('rate_limits').values(row).execute()
  }
  for (const [name, points] of [
    ['user 7', 1],
    ['user 7:8', 2],
  ] as const) {
    const { stdout } = await rekindle(['users', 'export', name], environment(service))
    const { user, limits } = JSON.parse(stdout)
    assert.deepEqual(
      limits.map((one: { limit: string; of: string; points: number }) => [one.limit, one.of, one.points]),
      [['refresh-user', user.id, points]],
    )
  }
})
