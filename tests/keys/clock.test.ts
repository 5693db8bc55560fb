/** `next → current → previous → gone`, on both databases and in several processes, by a clock that the test turns. */
import assert from 'node:assert/strict'
import { pruneAll } from '../../src/sessions/prune.ts'
import { connect, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { DAY, MINUTE } from '../support/service.ts'
import { HOUR, keySetOf, kidOf, kidsOf, pass, startSigning, verifyAsApi } from './service.ts'

const me = (service: Service, bearer: string) => service.request('/api/auth/me', { bearer })

const rowsOf = (service: Service) =>
  service.core.db.selectFrom('signing_keys').selectAll().orderBy('created_at').orderBy('kid').execute()

test('a key signs for as long as the setting says, and verifies until its last token is over', async (t) => {
  const service = await startSigning(t, 'ES256', { settings: { signingKeyRotation: 2 * DAY } })
  await service.register()
  const [first, second] = await kidsOf(service)
  await pass(2 * DAY - 1, [service])
  const { accessToken } = await service.login()
  assert.equal(kidOf(accessToken), first)

  const cached = await keySetOf(service)
  await pass(1, [service])
  const next = await service.login()
  assert.equal(kidOf(next.accessToken), second)
  // Verifiers that have the set of before know the key already.
  await verifyAsApi(service, next.accessToken, cached)
  assert.equal((await me(service, accessToken)).status, 200)
  const [, , third] = await kidsOf(service)

  // The end of its last token, and of the window in which that can be exchanged
  await pass(30 * MINUTE + DAY - MINUTE, [service])
  assert.deepEqual(await kidsOf(service), [first, second, third])
  assert.equal((await service.exchange(accessToken)).status, 200)
  await pass(HOUR + MINUTE, [service])
  assert.deepEqual(await kidsOf(service), [second, third])
  assert.equal((await rowsOf(service)).length, 2)
})

test('processes agree, although only one of them makes the keys', async (t) => {
  const first = await startSigning(t, 'EdDSA', { settings: { signingKeyRotation: DAY } })
  const second = await startSigning(t, 'EdDSA', {
    beside: first,
    settings: { signingKeyRotation: DAY },
  })
  await first.register()
  let { refreshToken } = await first.login()
  for (let day = 0; day < 5; day++) {
    await pass(DAY, [first, second], 6)
    assert.deepEqual(await kidsOf(first), await kidsOf(second))
    for (const [signer, verifier] of [
      [first, second],
      [second, first],
    ] as const) {
      const { body } = await signer.refresh(refreshToken)
      refreshToken = body.data.refresh_token
      assert.equal((await me(verifier, body.data.access_token)).status, 200)
      await verifyAsApi(verifier, body.data.access_token)
    }
  }
})

test('processes that start at once make one key, and one next key', async (t) => {
  const first = await startSigning(t, 'HS256')
  const started = await Promise.all(
    Array.from({ length: 6 }, () => startSigning(t, 'ES256', { beside: first })),
  )
  const sets = await Promise.all(started.map(kidsOf))
  for (const service of started) await service.core.signingKeys.update()
  assert.equal((await rowsOf(first)).length, 2)
  assert.deepEqual(new Set((await Promise.all(started.map(kidsOf))).map(String)).size, 1)
  assert.ok(sets.every((kids) => kids.length > 0))
})

test('one process that updates in all places at once changes nothing twice', async (t) => {
  const service = await startSigning(t, 'ES256', { settings: { signingKeyRotation: DAY } })
  service.clock.now += DAY
  await Promise.all(Array.from({ length: 5 }, () => service.core.signingKeys.update()))
  const rows = await rowsOf(service)
  assert.equal(rows.length, 3)
  assert.equal(new Set(rows.map(({ follows }) => follows)).size, 3)
})

test('a clock that was set back: the same key signs, and nothing is refused', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  await pass(91 * DAY, [service], 91)
  const { accessToken } = await service.login()
  const kid = kidOf(accessToken)
  // To before every key
  service.clock.now -= 400 * DAY
  await service.core.signingKeys.update()
  const again = await service.login()
  assert.notEqual(kidOf(again.accessToken), undefined)
  assert.equal((await me(service, again.accessToken)).status, 200)
  await verifyAsApi(service, again.accessToken)
  service.clock.now += 400 * DAY
  await service.core.signingKeys.update()
  assert.ok((await kidsOf(service)).includes(kid))
})

test('a clock that was far ahead for a moment: later the rotation goes on as if nothing had been', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  service.clock.now += 400 * DAY
  await service.core.signingKeys.update()
  await service.core.signingKeys.update()
  service.clock.now -= 400 * DAY
  await service.core.signingKeys.update()
  const { accessToken } = await service.login()
  await verifyAsApi(service, accessToken)
  assert.equal((await me(service, accessToken)).status, 200)
  const times = (await rowsOf(service)).map(({ signs_from }) => Number(signs_from))
  assert.ok(times.every((time) => time <= service.clock.now + 90 * DAY + 1))
  assert.equal(new Set(times).size, times.length)
})

test('after a night without any process, the next key signs, which every verifier knows', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const cached = await keySetOf(service)
  await service.stop()
  service.clock.now += 100 * DAY
  const later = await startSigning(t, 'ES256', { beside: service })
  const { accessToken } = await later.login()
  assert.equal(kidOf(accessToken), cached.keys[1]?.kid)
  await verifyAsApi(later, accessToken, cached)
})

test('with 0 days, no key changes by itself', async (t) => {
  const service = await startSigning(t, 'ES256', { settings: { signingKeyRotation: 0 } })
  await service.register()
  const kids = await kidsOf(service)
  await pass(1000 * DAY, [service], 10)
  assert.deepEqual(await kidsOf(service), kids)
  assert.equal(kidOf((await service.login()).accessToken), kids[0])
})

test('another number of days counts from the next start on', async (t) => {
  const service = await startSigning(t, 'ES256', { settings: { signingKeyRotation: 90 * DAY } })
  const [first, second] = await kidsOf(service)
  await service.register()
  const shorter = await startSigning(t, 'ES256', {
    beside: service,
    settings: { signingKeyRotation: 7 * DAY },
  })
  await pass(6 * DAY, [shorter])
  assert.equal(kidOf((await shorter.login()).accessToken), first)
  await pass(DAY, [shorter])
  assert.equal(kidOf((await shorter.login()).accessToken), second)
})

test('pruning leaves keys alone, and a restored backup goes on', async (t) => {
  const service = await startSigning(t, 'ES256', { settings: { signingKeyRotation: DAY } })
  await service.register()
  const kept = await rowsOf(service)
  await pass(3 * DAY, [service], 30)
  await pruneAll(service.core)
  // The backup has the keys of three days ago, and of no later ones.
  const connection = await connect(service.database)
  await connection.query('delete from signing_keys')
  await connection.close()
  for (const row of kept) await service.core.db.insertInto('signing_keys').values(row).execute()
  await service.core.signingKeys.update()
  await service.core.signingKeys.update()
  const { accessToken } = await service.login()
  await verifyAsApi(service, accessToken)
  assert.equal((await me(service, accessToken)).status, 200)
  assert.equal(kidOf(accessToken), kept.find(({ follows }) => follows !== '')?.kid)
})
