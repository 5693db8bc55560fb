/** The tokens that this service signs: tests/security has those that it does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimsOf, resigned } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'

test('issuer and audience, when they are set, are written and checked', async (t) => {
  const settings = { issuer: 'https://id.example', audience: 'https://api.example' }
  const { service, accessToken, refreshToken } = await startWorld(t, settings)
  for (const token of [accessToken, refreshToken]) {
    const { iss, aud } = claimsOf(token)
    assert.deepEqual([iss, aud], ['https://id.example', 'https://api.example'])
  }
  for (const claim of ['iss', 'aud']) {
    for (const value of ['https://evil.example', undefined]) {
      assert.equal((await service.refresh(resigned(refreshToken, { [claim]: value }))).status, 401)
      assert.equal((await service.exchange(resigned(accessToken, { [claim]: value }))).status, 401)
    }
  }
  assert.equal((await service.refresh(refreshToken)).status, 200)
})
