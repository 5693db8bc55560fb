/** Access tokens of each public algorithm, verified by an API that knows the key set alone. */
import assert from 'node:assert/strict'
import { decodeProtectedHeader } from 'jose'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import { test } from '../support/database.ts'
import { keyPair, keySetOf, kidOf, kidsOf, startSigning, verifyAsApi } from './service.ts'

for (const algorithm of PUBLIC_ALGORITHMS) {
  test(`${algorithm}, with a key of the service: it signs from the start, and the next one is published`, async (t) => {
    const service = await startSigning(t, algorithm)
    await service.register()
    const { accessToken, refreshToken } = await service.login()
    const set = await keySetOf(service)
    assert.equal(set.keys.length, 2)
    assert.deepEqual(decodeProtectedHeader(accessToken), {
      alg: algorithm,
      typ: 'at+jwt',
      kid: set.keys[0]?.kid,
    })
    assert.deepEqual(decodeProtectedHeader(refreshToken), { alg: 'HS256', typ: 'rt+jwt' })
    await verifyAsApi(service, accessToken)
    await assert.rejects(verifyAsApi(service, refreshToken))
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)
    const refreshed = await service.refresh(refreshToken)
    await verifyAsApi(service, refreshed.body.data.access_token)
    const exchanged = await service.exchange(accessToken)
    await verifyAsApi(service, exchanged.body.access_token)
    const logout = await service.request('/api/auth/logout', { method: 'POST', bearer: accessToken })
    assert.equal(logout.body.data.message, 'Logged out successfully')
  })

  test(`${algorithm}, with a key that was given`, async (t) => {
    const { own } = keyPair(algorithm)
    const { half } = keyPair(algorithm)
    const service = await startSigning(t, algorithm, {
      secrets: { signing: { current: own, next: half } },
    })
    await service.register()
    const { accessToken } = await service.login()
    await verifyAsApi(service, accessToken)
    const kids = await kidsOf(service)
    assert.equal(kids.length, 2)
    assert.equal(kids[0], kidOf(accessToken))
    assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)
  })
}
