/** `rekindle conform` against the service itself, with its settings and limits. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Report } from '../../src/conform/run.ts'
import { conform } from '../../src/conform/run.ts'
import { test as testBoth } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, LIMITS, NO_LIMITS, override, PASSWORD, startService } from '../support/service.ts'
import { lines } from './lines.ts'
import { startProxy } from './proxy.ts'

const missing = ({ responses }: Report) =>
  responses
    .filter(({ outcome }) => outcome === 'not reached')
    .map(({ operation, status, example }) => `${operation} ${status} ${example}`)
    // The command does not take their tokens.
    .filter((line) => !/^(introspect|listRevocations) /.test(line))

const outcomes = ({ rules }: Report) => [...new Set(rules.map(({ outcome }) => outcome))].sort()

const hourly = (points: number) => ({ points, seconds: 3600 })

const OF_ADMIN =
  /^(listUsers|createUser|getUser|deleteUser|(de)?activateUser|setUserPassword|requestPasswordReset|setUserClaims|renameUser|\w+UserSessions?|listEvents) | (403 inactive|404 unknown_user)$|^resetPassword (200|400 (\w+_password|username_inside)$)/

/** What needs another server, a broken one, or time */
const NEEDS_MORE =
  /^(issuerMetadata (200|304)|(register|refresh)Device (200|401|403)) | (500 unexpected|503 \w+|429 too_many|401 (expired|off_device)|404 (off|dbsc_off)|403 (closed|disabled|cookie_over_plain_http|cookie_of_another_site))$/

const everything = ({ core }: Service) =>
  Promise.all([
    core.db.selectFrom('users').selectAll().orderBy('id').execute(),
    core.db.selectFrom('sessions').selectAll().orderBy('id').execute(),
  ])

describe('the service itself', () => {
  testBoth('with ADMIN_TOKEN, requests reach all that they can, and leave nothing behind', async (t) => {
    const service = await startService(t)
    await service.register()
    const { accessToken } = await service.login()
    const before = await everything(service)
    const report = await conform({ url: service.url, adminToken: ADMIN_TOKEN })
    assert.deepEqual(lines(report), [])
    assert.deepEqual(
      missing(report).filter((line) => !NEEDS_MORE.test(line)),
      [],
    )
    assert.deepEqual(outcomes(report), ['holds'])
    assert.deepEqual(report.remarks, [])
    assert.deepEqual(await everything(service), before)
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)
  })

  testBoth('without ADMIN_TOKEN, an account is left, without sessions', async (t) => {
    const service = await startService(t)
    const report = await conform({ url: service.url })
    assert.deepEqual(lines(report), [])
    assert.deepEqual(
      missing(report).filter((line) => !NEEDS_MORE.test(line) && !OF_ADMIN.test(line)),
      [],
    )
    assert.deepEqual(outcomes(report), ['holds', 'not checked'])
    const [[user, ...others], sessions] = await everything(service)
    assert.match(String(user?.username), /^conform-/)
    assert.deepEqual(others, [])
    assert.ok(sessions.every(({ revoked_at }) => revoked_at !== null))
    assert.deepEqual(report.remarks, [`the user ${user?.username} is left, and nobody has its password`])
  })

  test('where registration is closed: with ADMIN_TOKEN, or with an account, whose password stays', async (t) => {
    const service = await startService(t, { registration: 'closed' })
    await assert.rejects(conform({ url: service.url }), /registration is closed: set ADMIN_TOKEN, or/)
    const asAdmin = await conform({ url: service.url, adminToken: ADMIN_TOKEN })
    assert.deepEqual(lines(asAdmin), [])
    assert.ok(asAdmin.responses.some(({ example, outcome }) => example === 'closed' && outcome === 'reached'))

    await service.request('/admin/users', {
      bearer: ADMIN_TOKEN,
      json: { username: 'ada', password: PASSWORD },
    })
    const report = await conform({ url: service.url, account: { username: 'ada', password: PASSWORD } })
    assert.deepEqual([lines(report), report.remarks], [[], []])
    assert.equal((await service.tryLogin()).status, 200)
    const wrong = conform({ url: service.url, account: { username: 'ada', password: 'another one' } })
    await assert.rejects(wrong, /the account that was given is refused/)
  })

  test('other settings are no differences', async (t) => {
    const settings = {
      ...{ grace: 0, exchangeWindow: 0, password: { minLength: 15, memory: 64, iterations: 1 } },
      cookie: { name: '__Host-rt', secure: true, sameSite: 'Lax' as const },
    }
    const service = await startService(t, settings)
    const report = await conform({ url: service.url, adminToken: ADMIN_TOKEN })
    assert.deepEqual(lines(report), [])
    const unchecked = report.rules.flatMap(({ outcome, why }) => (outcome === 'not checked' ? [why] : []))
    const disabled = 'the server answered 403 disabled'
    assert.deepEqual(unchecked, ['it is refused, as with a grace of 0 s', disabled, disabled])
  })

  test('a user may have few sessions', async (t) => {
    const { url } = await startService(t, { sessionsPerUser: 6 })
    const report = await conform({ url })
    assert.deepEqual(lines(report), [])
    assert.deepEqual(outcomes(report), ['holds', 'not checked'])
  })

  test('without rotation, which has to be said', async (t) => {
    const { url } = await startService(t, { rotation: false })
    assert.deepEqual(lines(await conform({ url, rotation: false })), [])
    assert.match(String(lines(await conform({ url }))), /refreshToken 200: expected 200 header, and it was/)
  })

  test('an ADMIN_TOKEN that the server does not have', async (t) => {
    const { url, core } = await startService(t)
    await assert.rejects(
      conform({ url, adminToken: 'x'.repeat(40) }),
      /ADMIN_TOKEN is not the one of the server/,
    )
    override(core, { adminToken: undefined })
    await assert.rejects(conform({ url, adminToken: ADMIN_TOKEN }), /administration is off or closed there/)
  })
})

describe('limits', () => {
  test('with those of production, no limit is met', async (t) => {
    const limits = { ...LIMITS, registerAddress: hourly(60), passwordAddress: hourly(60) }
    const { url } = await startService(t, { limits })
    const report = await conform({ url, adminToken: ADMIN_TOKEN, maxWait: 0 })
    assert.deepEqual(lines(report), [])
    assert.deepEqual(
      missing(report).filter((line) => !NEEDS_MORE.test(line)),
      [],
    )
  })

  test('a 429 is waited for, and it is a documented response', async (t) => {
    const service = await startService(t, {
      limits: { ...NO_LIMITS, sessionsUser: { points: 5, seconds: 20 } },
    })
    const waits: number[] = []
    const sleep = async (time: number) => {
      waits.push(time)
      service.clock.now += time
    }
    const report = await conform({ url: service.url, maxWait: 600, sleep })
    assert.deepEqual(lines(report), [])
    assert.ok(waits.length > 0 && waits.every((time) => time > 0 && time <= 20_000))
    const [login] = report.responses.filter((row) => row.operation === 'login' && row.example === 'too_many')
    assert.equal(login?.outcome, 'reached')
    assert.deepEqual(
      missing(report).filter((line) => !NEEDS_MORE.test(line) && !OF_ADMIN.test(line)),
      [],
    )
  })

  test('beyond the bound, what needs more is not reached, which is no difference', async (t) => {
    const { url } = await startService(t, {
      limits: { ...NO_LIMITS, sessionsUser: { points: 5, seconds: 20 } },
    })
    const report = await conform({ url, maxWait: 0 })
    assert.deepEqual(lines(report), [])
    const me = report.responses.find(({ operation, status }) => operation === 'me' && status === 200)
    assert.equal(me?.outcome, 'reached')
    const logout = report.responses.find(({ operation, status }) => operation === 'logout' && status === 200)
    assert.deepEqual([logout?.outcome, logout?.why], ['not reached', 'a login answered 429'])
  })
})

test('a run that is stopped cleans up what it has made', async (t) => {
  const service = await startService(t)
  const stop = new AbortController()
  const { url } = await startProxy(t, service.url, {
    lie: ({ path }) => {
      if (path === '/api/auth/password') stop.abort('SIGINT')
    },
  })
  await assert.rejects(
    conform({ url, adminToken: ADMIN_TOKEN, stop: stop.signal }),
    (error) => error === 'SIGINT',
  )
  assert.deepEqual(await everything(service), [[], []])
})
