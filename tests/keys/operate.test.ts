/** `rekindle keys rotate` and `revoke`, as running services see them. */
import assert from 'node:assert/strict'
import { revokeSigningKey, rotateKey } from '../../src/keys/operate.ts'
import { startKeyRotation } from '../../src/keys/start-rotation.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { DAY } from '../support/service.ts'
import { until } from '../support/until.ts'
import { HOUR, keyPair, keySetOf, kidOf, kidsOf, pass, startSigning, verifyAsApi } from './service.ts'

const me = (service: Service, bearer: string) => service.request('/api/auth/me', { bearer })
const rotate = ({ core, clock }: Service) => rotateKey({ db: core.db, now: clock.now })
const revoke = ({ core, clock }: Service, kid: string) =>
  revokeSigningKey({ db: core.db, now: clock.now }, kid)

test('rotate waits until the next key was published for an hour, and is the same when it is repeated', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const [first, second] = await kidsOf(service)
  const signsFrom = service.clock.now + HOUR
  for (let count = 0; count < 2; count++)
    assert.deepEqual(await rotate(service), { outcome: 'scheduled', kid: second, signsFrom })
  await pass(HOUR - 1, [service])
  assert.equal(kidOf((await service.login()).accessToken), first)
  await pass(1, [service])
  assert.equal(kidOf((await service.login()).accessToken), second)
})

test('ten rotations one after the other: no good token is refused, here or at an API that keeps the set for five minutes', async (t) => {
  const first = await startSigning(t, 'ES256', { settings: { signingKeyRotation: 0 } })
  const second = await startSigning(t, 'ES256', { beside: first, settings: { signingKeyRotation: 0 } })
  await first.register()
  let { refreshToken, accessToken } = await first.login()
  const names = new Set<string | undefined>()
  for (let turn = 0; turn < 10; turn++) {
    const cached = await keySetOf(second)
    await pass(HOUR, [first, second])
    assert.equal((await rotate(first)).outcome, 'scheduled')
    await pass(0, [first, second])
    assert.equal((await service401s(first, second, accessToken)).length, 0)
    const { body } = await first.refresh(refreshToken)
    ;({ access_token: accessToken, refresh_token: refreshToken } = body.data)
    await verifyAsApi(second, accessToken, cached)
    names.add(kidOf(accessToken))
  }
  assert.equal(names.size, 10)
})

async function service401s(first: Service, second: Service, token: string): Promise<number[]> {
  const answers = await Promise.all([me(first, token), me(second, token)])
  // It may have expired, which is no refusal of its key.
  return answers.flatMap(({ status, body }) => (body.message === 'Invalid access token.' ? [status] : []))
}

test('a revoked key: its tokens are refused at once, the next one signs, and no session ends', async (t) => {
  const first = await startSigning(t, 'ES256')
  const second = await startSigning(t, 'ES256', { beside: first })
  await first.register()
  const { accessToken, refreshToken } = await first.login()
  const [kid = '', next] = await kidsOf(first)
  assert.equal((await revoke(first, kid)).outcome, 'revoked')
  assert.equal((await revoke(first, kid)).outcome, 'revoked_already')
  await pass(2000, [first, second])
  for (const service of [first, second]) {
    assert.equal((await me(service, accessToken)).status, 401)
    assert.equal((await service.exchange(accessToken)).status, 401)
    assert.ok(!(await kidsOf(service)).includes(kid))
  }
  const { body } = await second.refresh(refreshToken)
  assert.equal(kidOf(body.data.access_token), next)
  assert.equal((await me(first, body.data.access_token)).status, 200)
  assert.equal((await kidsOf(first)).length, 2)
  // The key itself is gone from the database.
  const row = await first.core.db
    .selectFrom('signing_keys')
    .selectAll()
    .where('kid', '=', kid)
    .executeTakeFirst()
  assert.equal(row?.jwk, null)
  // Nor does a restart bring it back.
  await assert.doesNotReject(startSigning(t, 'ES256', { beside: first }))
  assert.equal((await me(second, accessToken)).status, 401)
})

test('a revoked next key never signs, and another one takes its place', async (t) => {
  const service = await startSigning(t, 'EdDSA', { settings: { signingKeyRotation: DAY } })
  await service.register()
  const [first, next = ''] = await kidsOf(service)
  await revoke(service, next)
  await service.core.signingKeys.update()
  const [still, another] = await kidsOf(service)
  assert.equal(still, first)
  assert.notEqual(another, next)
  await pass(DAY, [service])
  assert.equal(kidOf((await service.login()).accessToken), another)
})

test('both keys revoked: a new one signs at once, whichever process makes it', async (t) => {
  const first = await startSigning(t, 'ES256')
  const second = await startSigning(t, 'ES256', { beside: first })
  await first.register()
  const kids = await kidsOf(first)
  for (const kid of kids) await revoke(first, String(kid))
  await Promise.all([first.core.signingKeys.update(), second.core.signingKeys.update()])
  await pass(0, [first, second])
  const { accessToken } = await first.login()
  assert.ok(!kids.includes(kidOf(accessToken)))
  assert.equal((await me(second, accessToken)).status, 200)
})

test('a given key that was revoked does not come back with its setting', async (t) => {
  const { own } = keyPair('ES256')
  const signing = { current: own, next: undefined }
  const service = await startSigning(t, 'ES256', { secrets: { signing } })
  await service.register()
  const { accessToken } = await service.login()
  await revoke(service, String(kidOf(accessToken)))
  await service.core.signingKeys.update()
  const again = await service.login()
  assert.notEqual(kidOf(again.accessToken), kidOf(accessToken))
  const restarted = await startSigning(t, 'ES256', { beside: service, secrets: { signing } })
  assert.match(restarted.logged(), /JWT_SIGNING_KEY was revoked/)
  assert.equal((await me(restarted, accessToken)).status, 401)
  assert.equal((await me(restarted, again.accessToken)).status, 200)
  assert.equal((await me(restarted, (await restarted.login()).accessToken)).status, 200)
})

test('what cannot be rotated or revoked', async (t) => {
  const service = await startSigning(t, 'HS256')
  assert.deepEqual(await rotate(service), { outcome: 'no_next' })
  assert.deepEqual(await revoke(service, 'nothing'), { outcome: 'unknown' })
})

test('the timer follows the database within seconds, and survives its failure', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const { accessToken } = await service.login()
  const stop = startKeyRotation(service.core)
  t.after(stop)
  await revoke(service, String(kidOf(accessToken)))
  await until(async () => (await me(service, accessToken)).status === 401)
})
