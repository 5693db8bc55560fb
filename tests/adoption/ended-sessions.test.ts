/** All sessions of a user end: no token that the other system had issued before brings one back. */
import assert from 'node:assert/strict'
import { revokeSessionsOfUser } from '../../src/store/queries/endings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { replacePassword } from '../../src/store/queries/password-changes.ts'
import { activateUser, deactivateUser } from '../../src/store/queries/users.ts'
import { requestReset, resetPassword } from '../../src/users/reset-password.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { override } from '../support/service.ts'
import { adopting, foreignAccess, foreignRefresh, NOW, sessionsOf, signForeign } from './foreign.ts'

const USER = '42'
const MINUTE = 60_000

const endAll = ({ core }: Service, now: number) =>
  revokeSessionsOfUser(core.db, { userId: USER, reason: 'logout_all', now, origin: OPERATOR })

const endings: Readonly<Record<string, (service: Service, now: number) => Promise<unknown>>> = {
  'logout of all': endAll,
  'a new password by an operator': ({ core }, now) =>
    replacePassword(core.db, { userId: USER, newHash: core.passwords.dummyHash, now }, OPERATOR),
  'a new password by a reset token': async ({ core }) => {
    const requested = await requestReset(core, USER, OPERATOR)
    assert.ok(requested.outcome === 'requested')
    const reset = { token: requested.token, newPassword: 'seven lilacs by the gate' }
    assert.equal((await resetPassword(core, reset, OPERATOR)).outcome, 'reset')
  },
  'deactivated and active again': async ({ core }, now) => {
    await deactivateUser(core.db, USER, now, OPERATOR)
    await activateUser(core.db, USER, now, OPERATOR)
  },
}

for (const [what, end] of Object.entries(endings)) {
  test(`${what}: tokens from before are refused, and later ones are traded`, async (t) => {
    const service = await adopting(t)
    const [refreshToken, accessToken] = [foreignRefresh(), foreignAccess()]
    service.clock.now += MINUTE
    await end(service, service.clock.now)
    const refused = await service.refresh(refreshToken)
    assert.equal(`${refused.status} ${refused.body.message}`, '401 Invalid refresh token.')
    const exchanged = await service.exchange(accessToken)
    assert.equal(`${exchanged.status} ${exchanged.body.message}`, '401 Invalid access token.')
    // Without `iat`, it may be from before.
    const undated = signForeign({ sub: USER, type: 'refresh', exp: Math.floor(NOW / 1000) + 86_400 })
    assert.equal((await service.refresh(undated)).status, 401)
    assert.deepEqual(await sessionsOf(service), [])
    service.clock.now += MINUTE
    assert.equal((await service.refresh(foreignRefresh({}, service.clock.now))).status, 200)
  })
}

test('at the same time: what was traded before has ended, and nothing is traded after', async (t) => {
  const service = await adopting(t)
  const tokens = Array.from({ length: 12 }, () => foreignRefresh())
  service.clock.now += MINUTE
  await Promise.all([
    ...tokens.slice(0, 6).map((token) => service.refresh(token)),
    endAll(service, service.clock.now),
    ...tokens.slice(6).map((token) => service.refresh(token)),
  ])
  for (const row of await sessionsOf(service)) assert.equal(row.revoked_reason, 'logout_all')
  for (const token of tokens) assert.equal((await service.refresh(token)).status, 401)
  for (const row of await sessionsOf(service)) assert.notEqual(row.revoked_reason, null)
})

test('in the middle of a trade: nothing is traded', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh()
  service.clock.now += MINUTE
  // This is asked after the look at the user, and before the session is opened.
  override(service.core, {
    async mayWrite() {
      await endAll(service, service.clock.now)
      return true
    },
  })
  assert.equal((await service.refresh(token)).status, 401)
  assert.deepEqual(await sessionsOf(service), [])
})
