/** Hashes that are cheaper than the setting: the next login of the user replaces them, without any visible effect. */

import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { activateUser, deactivateUser } from '../../src/store/queries/users.ts'
import type { HashCost } from '../../src/users/passwords.ts'
import { createPasswords } from '../../src/users/passwords.ts'
import type { DialectContext } from '../support/database.ts'
import { snapshot, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { FULL_COST, override, PASSWORD, startService } from '../support/service.ts'
import { startSecond } from './second.ts'

const NEXT = 'another one entirely'

/** A user with a hash of cost `from`, and the service after the setting was changed. */
async function startRaised(
  t: TestContext & Partial<DialectContext>,
  from: HashCost = { memory: 64, iterations: 1 },
  to: HashCost = { memory: 128, iterations: 2 },
): Promise<Service> {
  const service = await startService(t, { password: { minLength: 8, ...to } })
  await service.register()
  const hash = await createPasswords(from).hash(PASSWORD)
  await service.core.db.updateTable('users').set({ password_hash: hash }).execute()
  return service
}

const hashOf = async ({ core }: Service) =>
  (await core.db.selectFrom('users').select('password_hash').executeTakeFirstOrThrow()).password_hash
const costOf = async (service: Service) =>
  /\$argon2id\$v=19\$(m=\d+,t=\d+,p=1)\$/.exec(await hashOf(service))?.[1]
const attempt = (service: Pick<Service, 'request'>, password = PASSWORD) =>
  service.request('/api/auth/login', { json: { username: 'ada', password } })

test('once, by the right password, and its session lives', async (t) => {
  const service = await startRaised(t, { memory: 64, iterations: 1 }, FULL_COST)
  const before = await snapshot(service.database)
  assert.equal((await attempt(service, NEXT)).status, 401)
  assert.deepEqual(await snapshot(service.database), before)

  const { refreshToken } = await service.login()
  assert.equal(await costOf(service), 'm=19456,t=2,p=1')
  assert.equal((await service.refresh(refreshToken)).status, 200)
  const raised = await hashOf(service)
  await service.login()
  assert.equal(await hashOf(service), raised)
  assert.equal((await attempt(service, NEXT)).status, 401)
})

test('never lowered: what is higher of each stays', async (t) => {
  const lower = await startRaised(t, { memory: 128, iterations: 3 }, { memory: 64, iterations: 2 })
  const before = await hashOf(lower)
  await lower.login()
  assert.equal(await hashOf(lower), before)
  const other = await startRaised(t, { memory: 128, iterations: 1 }, { memory: 64, iterations: 2 })
  await other.login()
  assert.equal(await costOf(other), 'm=128,t=2,p=1')
})

test('twenty logins at once, in two processes: all of them succeed, and all their sessions live', async (t) => {
  const service = await startRaised(t)
  const both = [service, await startSecond(t, service)] as const
  const logins = await Promise.all(
    Array.from({ length: 20 }, (_, index) => attempt(both[index % 2] ?? service)),
  )
  assert.deepEqual([...new Set(logins.map(({ status }) => status))], [200])
  assert.equal(await costOf(service), 'm=128,t=2,p=1')
  for (const { body } of logins) assert.equal((await service.refresh(body.data.refresh_token)).status, 200)
})

/** Acts while the first login replaces the hash. @returns the response to that login */
async function during(service: Service, act: () => Promise<unknown>, raises = true) {
  const { passwords } = service.core
  const rehash: typeof passwords.rehash = async (hash, password) => {
    override(service.core, { passwords })
    await act()
    return raises ? passwords.rehash(hash, password) : undefined
  }
  override(service.core, { passwords: { ...passwords, rehash } })
  return attempt(service)
}

test('a password change at the same moment wins', async (t) => {
  const service = await startRaised(t)
  const { id } = await service.core.db.selectFrom('users').select('id').executeTakeFirstOrThrow()
  const hash = await service.core.passwords.hash(NEXT)
  const answer = await during(service, () =>
    service.core.db.updateTable('users').set({ password_hash: hash }).where('id', '=', id).execute(),
  )
  assert.equal(answer.status, 401)
  assert.equal(await hashOf(service), hash)
  assert.deepEqual([(await attempt(service)).status, (await attempt(service, NEXT)).status], [401, 200])
})

test('a password change during which a login raises the hash succeeds', async (t) => {
  const service = await startRaised(t)
  // Its session was opened before the hash was replaced.
  const { body } = await during(service, async () => {}, false)
  const { passwords } = service.core
  const hash: typeof passwords.hash = async (password) => {
    override(service.core, { passwords })
    await service.login()
    return passwords.hash(password)
  }
  override(service.core, { passwords: { ...passwords, hash } })
  const change = await service.request('/api/auth/password', {
    bearer: body.data.access_token,
    json: { current_password: PASSWORD, new_password: NEXT },
  })
  assert.deepEqual([change.status, change.body.data?.sessions_ended], [200, 1])
  assert.deepEqual([(await attempt(service)).status, (await attempt(service, NEXT)).status], [401, 200])
})

test('a deactivation at the same moment wins, and a deactivated user’s hash stays', async (t) => {
  const service = await startRaised(t)
  const { id } = await service.core.db.selectFrom('users').select('id').executeTakeFirstOrThrow()
  const before = await hashOf(service)
  const answer = await during(service, () => deactivateUser(service.core.db, id, service.clock.now, OPERATOR))
  assert.deepEqual([answer.status, answer.body.message], [403, 'User is inactive.'])
  assert.equal((await attempt(service)).status, 403)
  // Without the right password the response does not say that the user is inactive.
  assert.equal((await attempt(service, NEXT)).body.message, 'Invalid credentials.')
  assert.equal(await hashOf(service), before)
  await activateUser(service.core.db, id, Date.now(), OPERATOR)
  await service.login()
  assert.equal(await costOf(service), 'm=128,t=2,p=1')
})

test('no room to raise it: the login succeeds, also when another one has raised it meanwhile', async (t) => {
  const service = await startRaised(t)
  const before = await hashOf(service)
  assert.equal((await during(service, async () => {}, false)).status, 200)
  assert.equal(await hashOf(service), before)
  const answer = await during(service, () => service.login(), false)
  assert.equal(answer.status, 200)
  assert.equal((await service.refresh(answer.body.data.refresh_token)).status, 200)
  assert.equal(await costOf(service), 'm=128,t=2,p=1')
})
