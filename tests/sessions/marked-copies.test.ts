/** `docs/adr/0056-marked-copies.md`: each caller gets its own copy of a successor, and two copies in use are two holders. */
import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { test } from '../support/database.ts'
import type { Answer, Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'

const successor = ({ status, body }: Answer): string => {
  assert.equal(status, 200, body.message)
  return body.data.refresh_token
}
const by =
  (service: Service, userAgent: string, address = '192.0.2.1') =>
  (token: string) =>
    service.request('/refresh_token', {
      method: 'POST',
      bearer: token,
      headers: { 'User-Agent': userAgent, 'X-Forwarded-For': address },
    })
const eventsOf = async ({ core }: Service) =>
  (await core.db.selectFrom('events').select('name').orderBy('position').execute()).map(({ name }) => name)
const shared = (names: readonly string[]) => names.filter((name) => name === 'token.shared').length

async function start(
  t: Parameters<typeof startService>[0],
  options: Parameters<typeof startService>[1] = {},
) {
  const service = await startService(t, { trustProxy: 1, ...options })
  await service.register()
  return { service, ...(await service.login()) }
}

test('the same caller gets the same bytes, another network or user agent a copy of the same generation', async (t) => {
  const { service, refreshToken } = await start(t)
  const first = successor(await by(service, 'A', '192.0.2.1')(refreshToken))
  for (const [userAgent, address, isSame] of [
    ['A', '192.0.2.1', true],
    ['A', '192.0.2.200', true],
    ['A', '192.0.3.1', false],
    ['B', '192.0.2.1', false],
    ['A', '2001:db8::1', false],
  ] as const) {
    const other = successor(await by(service, userAgent, address)(refreshToken))
    assert.equal(other === first, isSame, `${userAgent} ${address}`)
    assert.equal(decodeJwt(other)['generation'], 1)
    assert.equal(decodeJwt(other).jti === decodeJwt(first).jti, isSame, 'a copy has its own jti')
  }
  const one = successor(await by(service, 'A', '2001:db8:0:1::1')(refreshToken))
  assert.equal(one, successor(await by(service, 'A', '2001:db8:0:ffff::1')(refreshToken)), 'one /48')
})

for (const [first, second] of [
  ['owner', 'thief'],
  ['thief', 'owner'],
] as const) {
  test(`both use the stolen token, then their copies, the ${second} last: the session ends`, async (t) => {
    const { service, refreshToken } = await start(t)
    const call = { owner: by(service, 'A browser'), thief: by(service, 'A browser', '198.51.100.1') }
    const copies = {
      [first]: successor(await call[first](refreshToken)),
      [second]: successor(await call[second](refreshToken)),
    }
    successor(await call[first](copies[first] ?? ''))
    const { status, body } = await call[second](copies[second] ?? '')
    assert.deepEqual([status, body.message], [401, 'Invalid refresh token.'])
    const { revoked_reason } = await service.core.db
      .selectFrom('sessions')
      .selectAll()
      .executeTakeFirstOrThrow()
    assert.equal(revoked_reason, 'shared')
    assert.deepEqual((await eventsOf(service)).slice(-2), ['token.shared', 'session.revoked'])
    assert.match(service.logged(), /"level":"warn"[^\n]*"event":"token.shared"|"event":"token.shared"[^\n]*/)
    assert.equal((await call[first](copies[first] ?? '')).status, 401)
  })
}

test('report: the event is written once, and the session goes on', async (t) => {
  const { service, refreshToken } = await start(t, { sharedTokens: 'report' })
  const [owner, thief] = [by(service, 'A browser'), by(service, 'curl')]
  const [mine, stolen] = [successor(await owner(refreshToken)), successor(await thief(refreshToken))]
  const next = successor(await owner(mine))
  const answers = await Promise.all([thief(stolen), thief(stolen), thief(stolen)])
  for (const answer of answers) successor(answer)
  assert.equal(shared(await eventsOf(service)), 1)
  assert.equal(service.logged().match(/"event":"token.shared"/g)?.length, 1)
  const nextStolen = successor(await thief(stolen))
  successor(await owner(next))
  successor(await thief(nextStolen))
  assert.equal(shared(await eventsOf(service)), 2, 'once for each generation')
  service.clock.now += 31_000
  assert.equal((await thief(nextStolen)).status, 401, 'after the grace it is reuse')
})

test('one holder who changes networks in the middle of retries has one copy in use', async (t) => {
  const { service, refreshToken } = await start(t)
  const [home, road] = [by(service, 'A phone', '192.0.2.1'), by(service, 'A phone', '198.51.100.1')]
  const lost = successor(await home(refreshToken))
  const stored = successor(await road(refreshToken))
  assert.notEqual(stored, lost)
  const next = successor(await road(stored))
  // On the way back, and then with what an answer from before has left in the jar
  assert.equal(decodeJwt(successor(await home(stored)))['generation'], 2)
  successor(await road(lost))
  successor(await home(next))
  assert.equal(shared(await eventsOf(service)), 0)
})

test('a login and a password change have one token, whoever repeats', async (t) => {
  const { service, accessToken, refreshToken } = await start(t)
  assert.equal(decodeJwt(refreshToken)['mark'], undefined)
  const rotated = successor(await by(service, 'A')(refreshToken))
  assert.equal(typeof decodeJwt(rotated)['mark'], 'string')
  const change = { current_password: PASSWORD, new_password: 'another one entirely' }
  const changed = await service.request('/api/auth/password', { bearer: accessToken, json: change })
  const anew = successor(changed)
  assert.equal(decodeJwt(anew)['mark'], undefined)
  successor(await by(service, 'B')(anew))
  successor(await by(service, 'C')(anew))
})
