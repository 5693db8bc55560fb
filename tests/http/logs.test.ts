/**
 * No secret is ever logged, at any level: every kind of secret in every place of every operation, both when everything
 * works and when the database is locked, gone or corrupt. Required lines are in the log.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../support/check-response.ts'
import { effort } from '../support/effort.ts'
import type { Request } from '../support/service.ts'
import { ADMIN_TOKEN, SECRET, startService } from '../support/service.ts'
import { forge, hideTables, lockDatabase } from '../support/world.ts'
import { administer, live } from './logs/live.ts'
import { places, Witness } from './logs/witness.ts'

const ID = /^[A-Za-z0-9._-]{1,64}$/

test('no secret is in the log, and everything else is', async (t) => {
  const printed = (['log', 'info', 'warn', 'error', 'debug'] as const).map((name) =>
    t.mock.method(console, name, () => {}),
  )
  const service = await startService(t, { logLevel: 'trace' })
  const witness = new Witness(service)
  await administer(witness)
  const { access, refresh, expired, password } = await live(witness)
  const hashes = await service.core.db.selectFrom('users').select('password_hash').execute()
  for (const { password_hash } of hashes) witness.keep(password_hash)
  const secrets = [
    access,
    refresh,
    expired,
    forge(access),
    forge(refresh),
    password,
    ADMIN_TOKEN,
    SECRET.toString(),
  ]
  for (const secret of secrets) witness.keep(secret)
  for (const secret of secrets) witness.keep(btoa(`ada:${secret}`))

  // Without the token, nothing of an administration request is read.
  const admitted = ([to, { headers, ...request }]: [string, Request]): [string, Request] => [
    to,
    { ...request, headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, ...headers } },
  ]
  // Where nothing works, each operation gets a third of the secrets in the short form.
  const everywhere = async (share = 1) => {
    for (const { method, path } of operations.filter((one) => one.path.startsWith('/admin/'))) {
      const all = places(path, method, ADMIN_TOKEN).map(admitted)
      await Promise.all(all.map(([to, request]) => witness.ask(to, request)))
    }
    for (const [index, { method, path }] of operations.entries()) {
      if (path.startsWith('/admin/')) continue
      // It is large, and the same for all clients.
      if (path === '/openapi.json') continue
      for (const secret of secrets.filter((_, at) => (index + at) % share === 0)) {
        await Promise.all(places(path, method, secret).map(([to, request]) => witness.ask(to, request)))
      }
    }
  }
  const putBack = await hideTables({ service })
  await everywhere(effort(3, 1))
  await putBack()
  const unlock = await lockDatabase({ t, service })
  for (const { path } of operations.filter(({ method }) => method === 'POST')) {
    await witness.ask(path, { bearer: refresh, json: { token: access } })
  }
  await unlock()
  await everywhere()
  await service.core.store.close()
  await everywhere(effort(3, 1))

  const log = service.logged()
  for (const secret of witness.secrets) assert.ok(!log.includes(secret), `logged: ${secret}`)
  assert.doesNotMatch(log, /eyJ|Bearer |refresh_token=|\$argon2/)
  assert.equal(
    printed.reduce((count, { mock }) => count + mock.callCount(), 0),
    0,
  )

  const lines = log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const requests = lines.filter(({ msg }) => msg === 'request')
  assert.equal(requests.length, witness.requests, 'one line a request')
  for (const line of requests) {
    assert.match(line.request_id, ID)
    assert.ok(line.method && line.route && line.status, JSON.stringify(line))
  }
  const events = lines.flatMap(({ event, kind }) =>
    event === undefined ? [] : [event, kind].join(' ').trim(),
  )
  assert.deepEqual([...new Set(events)].sort(), [
    'admin.refused',
    'login.failed',
    'password.changed',
    'password.refused',
    'session.opened',
    'session.restored refresh',
    'session.revoked',
    'session.revoked exchange',
    'session.revoked refresh',
    'token.exchanged exchange',
    'token.refreshed refresh',
    'token.refused',
    'token.refused exchange',
    'token.refused refresh',
    'token.replayed exchange',
    'token.replayed refresh',
    'token.reuse_detected exchange',
    'token.reuse_detected refresh',
    'token.rotated refresh',
    'user.activated',
    'user.deactivated',
    'user.deleted',
    'user.registered',
    'user.renamed',
  ])
  const reasons = lines.filter(({ event }) => event === 'session.revoked').map(({ reason }) => reason)
  assert.deepEqual([...new Set(reasons)].sort(), [
    'deactivated',
    'ended',
    'logout',
    'logout_all',
    'operator',
    'password',
    'restored',
    'reuse',
  ])
  for (const { request_id } of lines.filter(({ event }) => event !== undefined)) assert.match(request_id, ID)
  const alarms = lines.filter(({ event, level }) => event !== undefined && level === 40)
  const expectedAlarms = ['admin.refused', 'session.restored', 'token.reuse_detected']
  assert.deepEqual([...new Set(alarms.map(({ event }) => event))].sort(), expectedAlarms)
  const failures = lines.filter(({ msg }) => msg === 'request failed')
  assert.ok(failures.length > 0)
  t.diagnostic(`${witness.requests} requests, ${witness.secrets.size} secrets, ${lines.length} lines`)
})
