/** `EXCHANGE_SESSIONS=unrotated`: only sessions that nothing but exchanges has continued can be exchanged. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'

const CONFINED = { exchangeSessions: 'unrotated' } as const
const disabled = { status: 'error', code: 403, message: 'Exchange is disabled.' }

const changePassword = async (service: Service, bearer: string, current: string, next: string) => {
  const json = { current_password: current, new_password: next }
  return (await service.request('/api/auth/password', { bearer, json })).body.data
}

test('a session that was never rotated: exchanged again and again, also after a password change', async (t) => {
  const service = await startService(t, CONFINED)
  await service.register()
  let { accessToken } = await service.login()
  for (let count = 0; count < 3; count++)
    accessToken = (await service.exchange(accessToken)).body.access_token
  const changed = await changePassword(service, accessToken, PASSWORD, 'another one entirely')
  const exchanged = await service.exchange(changed.access_token)
  assert.equal(exchanged.status, 200)
  assert.equal((await service.exchange(exchanged.body.access_token)).status, 200)
})

test('a rotation ends the exchange of the session, also after a password change', async (t) => {
  const service = await startService(t, CONFINED)
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  const exchanged = await service.exchange(accessToken)
  assert.equal(exchanged.status, 200)
  const { data } = (await service.refresh(refreshToken)).body
  for (const token of [accessToken, exchanged.body.access_token, data.access_token])
    assert.deepEqual((await service.exchange(token)).body, disabled)
  const changed = await changePassword(service, data.access_token, PASSWORD, 'another one entirely')
  assert.deepEqual((await service.exchange(changed.access_token)).body, disabled)
  // Nothing of this ended the session.
  assert.equal((await service.refresh(changed.refresh_token)).status, 200)
})

test('a session in cookie mode is never exchanged', async (t) => {
  const service = await startService(t, CONFINED)
  await service.register()
  const json = { username: 'ada', password: PASSWORD, cookie: true }
  const { body } = await service.request('/api/auth/login', { json })
  const token = body.data.access_token
  assert.deepEqual((await service.exchange(token)).body, disabled)
  assert.equal((await service.request('/api/auth/me', { bearer: token })).status, 200)
  assert.match(service.logged(), /"reason":"confined"/)
})

test('by default all sessions are exchanged', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  await service.refresh(refreshToken)
  assert.equal((await service.exchange(accessToken)).status, 200)
})

test('a rotation and an exchange at once: never an exchange after the rotation', async (t) => {
  const service = await startService(t, CONFINED)
  await service.register()
  for (let round = 0; round < 5; round++) {
    const { accessToken, refreshToken } = await service.login()
    const [exchanged, rotated] = await Promise.all([
      service.exchange(accessToken),
      service.refresh(refreshToken),
    ])
    assert.equal(rotated.status, 200)
    assert.ok([200, 403].includes(exchanged.status))
    const last = exchanged.body.access_token ?? accessToken
    assert.deepEqual((await service.exchange(last)).body, disabled)
  }
})
