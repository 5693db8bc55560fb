/** Users who move bring their claims: the first access token has them, and so does its repetition. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { claimsOf } from '../support/tokens.ts'
import { adopting, foreignAccess, foreignRefresh } from './foreign.ts'

const CLAIMS = { roles: ['editor'] }

const rolesIn = (token: string) => (claimsOf(token) as { roles?: unknown }).roles

test('the claims of the user are in the access tokens of both trades, and of their repetitions', async (t) => {
  const service = await adopting(t)
  await service.core.db
    .updateTable('users')
    .set({ claims: JSON.stringify(CLAIMS) })
    .execute()
  const [refreshToken, accessToken] = [foreignRefresh(), foreignAccess()]
  for (const round of ['first', 'again']) {
    const refreshed = await service.refresh(refreshToken)
    assert.deepEqual([refreshed.status, rolesIn(refreshed.body.data.access_token)], [200, ['editor']], round)
    const exchanged = await service.exchange(accessToken)
    assert.deepEqual([exchanged.status, rolesIn(exchanged.body.access_token)], [200, ['editor']], round)
  }
})
