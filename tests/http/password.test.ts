/** Changes of the password. */
import assert from 'node:assert/strict'
import { snapshot, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { NO_LIMITS, override, PASSWORD } from '../support/service.ts'
import { startWorld } from '../support/world.ts'

const NEXT = 'another one entirely'

const change = (service: Service, bearer: string | undefined, current: unknown, next: unknown) =>
  service.request('/api/auth/password', { bearer, json: { current_password: current, new_password: next } })

const login = async (service: Service, password: string) => (await service.tryLogin(password)).status

test('the other sessions end, this one goes on, and only the new password opens another', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const others = [await service.login(), await service.login()]
  await service.register('bob')
  const bob = await service.login('bob')
  const { body } = await change(service, accessToken, PASSWORD, NEXT)
  assert.partialDeepStrictEqual(body.data, { message: 'Password changed successfully', sessions_ended: 2 })
  for (const other of others) {
    assert.equal((await service.refresh(other.refreshToken)).status, 401)
    assert.equal((await service.exchange(other.accessToken)).status, 401)
  }
  for (const token of [body.data.refresh_token, bob.refreshToken])
    assert.equal((await service.refresh(token)).status, 200)
  assert.deepEqual([await login(service, PASSWORD), await login(service, NEXT)], [401, 200])
})

test('a wrong current password, or a new one that is too short, changes nothing', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const other = await service.login()
  const before = await snapshot(service.database)
  const wrong = await change(service, accessToken, 'not the password', NEXT)
  assert.deepEqual(wrong.body, { status: 'error', code: 403, message: 'Current password is wrong.' })
  for (const next of ['short', '', 'x'.repeat(257), null, { $ne: '' }]) {
    const { status, body } = await change(service, accessToken, PASSWORD, next)
    assert.deepEqual([status, body.errors[0].path], [400, 'new_password'])
  }
  assert.equal((await change(service, other.refreshToken, PASSWORD, NEXT)).status, 401)
  assert.equal((await change(service, undefined, PASSWORD, NEXT)).status, 401)
  assert.deepEqual(await snapshot(service.database), before)
  assert.equal(await login(service, PASSWORD), 200)
})

test('the session that asks ends while the passwords are checked: 401, and the old password stays', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const { passwords } = service.core
  const hash = async (password: string) => {
    const over = await service.request('/api/auth/logout', { method: 'POST', bearer: accessToken })
    assert.equal(over.status, 200)
    return passwords.hash(password)
  }
  override(service.core, { passwords: { ...passwords, hash } })
  const answer = await change(service, accessToken, PASSWORD, NEXT)
  override(service.core, { passwords })
  assert.deepEqual([answer.status, answer.body.message], [401, 'Invalid access token.'])
  assert.deepEqual([await login(service, NEXT), await login(service, PASSWORD)], [401, 200])
})

test('of two changes by one session at once the slower one changes nothing', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const { passwords } = service.core
  let faster: Promise<unknown> | undefined
  const hash = async (password: string) => {
    Object.assign(service.core, { passwords })
    faster = change(service, accessToken, PASSWORD, NEXT)
    await faster
    return passwords.hash(password)
  }
  Object.assign(service.core, { passwords: { ...passwords, hash } })
  const slower = await change(service, accessToken, PASSWORD, 'a third one altogether')
  assert.deepEqual([slower.status, slower.body.message], [401, 'Invalid access token.'])
  assert.partialDeepStrictEqual(await faster, { status: 200 })
  assert.deepEqual([await login(service, 'a third one altogether'), await login(service, NEXT)], [401, 200])
})

test('a change that the end of its session overtakes counts as a try that failed', async (t) => {
  const limit = { points: 5, seconds: 60 }
  const { service, accessToken } = await startWorld(t, {
    limits: { ...NO_LIMITS, loginAccount: limit, passwordAddress: limit },
  })
  const { db, passwords } = service.core
  // The login has created one.
  await db.deleteFrom('rate_limits').execute()
  const hash = async (password: string) => {
    await service.request('/api/auth/logout', { method: 'POST', bearer: accessToken })
    return passwords.hash(password)
  }
  override(service.core, { passwords: { ...passwords, hash } })
  assert.equal((await change(service, accessToken, PASSWORD, NEXT)).status, 401)
  const counters = await db.selectFrom('rate_limits').select('points').execute()
  assert.deepEqual(counters, [{ points: 1 }, { points: 1 }], 'of the account and of the address')
})
