/** A verifier that knows nothing but the service's own key set, while the keys change. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { revokeSigningKey, rotateKey } from '../../src/keys/operate.ts'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import { HOUR, kidOf, kidsOf, pass } from '../keys/service.ts'
import { DAY, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { outcomeOf, refusedSoon, startVerifier } from './api.ts'

const keySet = ({ url }: { readonly url: string }) => ({ jwksUri: `${url}/.well-known/jwks.json` })

test('a key rotation refuses nobody, and a logout reaches the verifier', async (t) => {
  // Verifiers have the system's clock, which is that of the service after the rotation.
  const clock = { now: Date.now() - HOUR }
  const settings = { accessTokenAlgorithm: 'ES256', accessTokenTtl: DAY } as const
  const service = await startService(t, settings, clock)
  await service.register()
  const first = await service.login()
  const verifier = startVerifier(t, service.url, { keys: keySet(service) })
  assert.equal(await outcomeOf(verifier, first.accessToken), 'accepted')

  await pass(HOUR, [service])
  await rotateKey({ db: service.core.db, now: clock.now })
  await pass(0, [service])
  const second = await service.login()
  assert.notEqual(kidOf(second.accessToken), kidOf(first.accessToken))
  for (const { accessToken } of [first, second])
    assert.equal(await outcomeOf(verifier, accessToken), 'accepted')

  await service.request('/api/auth/logout', { method: 'POST', bearer: first.refreshToken })
  await refusedSoon(verifier, first.accessToken)
  assert.equal(await outcomeOf(verifier, second.accessToken), 'accepted')
})

test('all keys revoked at once: a verifier that fetched the set a moment ago takes the new one soon', async (t) => {
  const service = await startService(t, { accessTokenAlgorithm: 'ES256' }, { now: Date.now() })
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  const verifier = startVerifier(t, service.url, { keys: keySet(service) })
  assert.equal(await outcomeOf(verifier, accessToken), 'accepted')
  const fetched = performance.now()
  const revoke = { db: service.core.db, now: service.clock.now }
  for (const kid of await kidsOf(service)) await revokeSigningKey(revoke, String(kid))
  await pass(0, [service])
  const { access_token: next } = (await service.refresh(refreshToken)).body.data
  assert.notEqual(kidOf(next), kidOf(accessToken))
  await until(async () => (await outcomeOf(verifier, next)) === 'accepted')
  const time = performance.now() - fetched
  assert.ok(time < 10_000, `${time} ms`)
})

for (const accessTokenAlgorithm of PUBLIC_ALGORITHMS)
  test(`a revoked key of ${accessTokenAlgorithm}: a verifier that has the new set refuses its tokens`, async (t) => {
    const service = await startService(t, { accessTokenAlgorithm }, { now: Date.now() })
    await service.register()
    const before = await service.login()
    const keys = keySet(service)
    assert.equal(await outcomeOf(startVerifier(t, service.url, { keys }), before.accessToken), 'accepted')
    const [kid = ''] = await kidsOf(service)
    await revokeSigningKey({ db: service.core.db, now: service.clock.now }, kid)
    await pass(0, [service])
    const verifier = startVerifier(t, service.url, { keys })
    assert.equal(await outcomeOf(verifier, before.accessToken), 'invalid')
    const { body } = await service.refresh(before.refreshToken)
    assert.equal(await outcomeOf(verifier, body.data.access_token), 'accepted')
  })
