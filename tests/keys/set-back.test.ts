/** Keys of a time that has not come yet, since the clock was set back: there is always one that signs, and one next. */
import assert from 'node:assert/strict'
import { revokeSigningKey } from '../../src/keys/operate.ts'
import { test } from '../support/database.ts'
import { MINUTE } from '../support/service.ts'
import { kidOf, startSigning, verifyAsApi } from './service.ts'

test('the clock is set back after each revocation', async (t) => {
  const service = await startSigning(t, 'ES256')
  const { core, clock } = service
  const begun = clock.now
  await service.register()
  for (const minutes of [50, 10, 40, 20, 30, 0, 60, 5]) {
    clock.now = begun + minutes * MINUTE
    const { accessToken } = await service.login()
    const kid = kidOf(accessToken) ?? ''
    await revokeSigningKey({ db: core.db, now: clock.now }, kid)
    await core.signingKeys.update()
    assert.notEqual(kidOf((await service.login()).accessToken), kid)
    clock.now = begun
    for (let times = 0; times < 3; times++) await core.signingKeys.update()
    await verifyAsApi(service, (await service.login()).accessToken)
    const rows = await core.db.selectFrom('signing_keys').selectAll().execute()
    const waiting = rows.filter(
      ({ signs_from, revoked_at }) => revoked_at === null && Number(signs_from) > clock.now,
    )
    assert.ok(waiting.length >= 1 && waiting.length <= 2, `after ${minutes} minutes: ${waiting.length}`)
  }
})
