/** An access token of another system is traded once at the exchange. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { adopting, foreignAccess, foreignRefresh, NOW, sessionsOf, signForeign } from './foreign.ts'

const HOUR = 3_600_000
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at))

/** As python-jose makes it in tutorials of FastAPI: no `jti`, no `iat`, no type */
const bare = (claims: object = {}) => signForeign({ sub: '42', exp: Math.floor(NOW / 1000) - 60, ...claims })
const ANY = { kinds: { refresh: 'off', access: 'any' } } as const

test('an expired access token is traded for one of ours, which can be exchanged', async (t) => {
  const service = await adopting(t, { adoption: ANY })
  const first = await service.exchange(bare())
  assert.equal(first.status, 200)
  assert.deepEqual(Object.keys(first.body).sort(), ['access_token', 'expires_in', 'token_type'])
  service.clock.now += HOUR
  assert.equal((await service.exchange(first.body.access_token)).status, 200)
  assert.equal((await sessionsOf(service)).length, 1)
})

test('20 at once, and again within the grace window: one session, one token', async (t) => {
  const service = await adopting(t, { adoption: ANY })
  const answers = await Promise.all(times(20, () => service.exchange(bare())))
  service.clock.now += 29_000
  answers.push(await service.exchange(bare()))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.equal(new Set(answers.map(({ body }) => body.access_token)).size, 1)
  assert.equal((await sessionsOf(service)).length, 1)
})

test('after the grace window it is reuse, which ends the session that it was traded for', async (t) => {
  const service = await adopting(t, { adoption: ANY })
  const { body } = await service.exchange(bare())
  service.clock.now += 31_000
  const { status, body: refused } = await service.exchange(bare())
  assert.equal(`${status} ${refused.message}`, '401 Invalid access token.')
  assert.equal((await service.exchange(body.access_token)).status, 401)
  assert.deepEqual(
    (await sessionsOf(service)).map((row) => row.revoked_reason),
    ['reuse'],
  )
})

test('it is traded for as long after its expiry as one of ours, and not with the exchange off', async (t) => {
  const service = await adopting(t, { adoption: ANY })
  const old = bare({ exp: Math.floor(NOW / 1000) - 1440 * 60 - 1 })
  const expired = await service.exchange(old)
  assert.equal(`${expired.status} ${expired.body.message}`, '401 Access token has expired.')
  const off = await adopting(t, { adoption: ANY, settings: { exchangeWindow: 0 } })
  assert.equal((await off.exchange(bare())).status, 403)
  assert.deepEqual([...(await sessionsOf(service)), ...(await sessionsOf(off))], [])
})

test('a refresh token is no access token, whatever the rules', async (t) => {
  for (const access of ['any', { claim: 'type', value: 'access' }] as const) {
    const service = await adopting(t, { adoption: { kinds: { refresh: 'off', access } } })
    assert.equal((await service.exchange(foreignRefresh())).status, 401)
    assert.deepEqual(await sessionsOf(service), [])
  }
})

test('a foreign access token opens nothing else', async (t) => {
  const service = await adopting(t)
  const bearer = foreignAccess({ exp: NOW / 1000 + 600 })
  for (const path of ['/api/auth/me', '/api/auth/sessions'])
    assert.equal((await service.request(path, { bearer })).status, 401)
  for (const path of ['/api/auth/logout_all', '/refresh_token'])
    assert.equal((await service.request(path, { method: 'POST', bearer })).status, 401)
  const refresh = foreignRefresh()
  await service.request('/api/auth/logout', { method: 'POST', bearer: refresh })
  assert.equal((await service.refresh(refresh)).status, 200)
})
