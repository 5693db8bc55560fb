/** Right passwords at the same time: none is refused because the others are still being checked. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Answer } from '../support/service.ts'
import { LIMITS, NO_LIMITS, PASSWORD, startService } from '../support/service.ts'
import { startSecond } from './second.ts'

const all = <T>(count: number, make: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))

const statusesOf = (answers: readonly Answer[]) =>
  Object.fromEntries(
    [...Map.groupBy(answers, ({ status }) => status)].map(([status, same]) => [status, same.length]),
  )

test('6 to 50 right logins of one account at once: all succeed', async (t) => {
  const service = await startService(t, { limits: LIMITS })
  await service.register()
  for (const count of [6, 10, 20, 50])
    assert.deepEqual(statusesOf(await all(count, () => service.tryLogin())), { 200: count })
})

test('also on two processes', async (t) => {
  const first = await startService(t, { limits: LIMITS })
  const both = [first, await startSecond(t, first)] as const
  await first.register()
  const answers = await all(40, (index) => (both[index % 2] ?? first).tryLogin())
  assert.deepEqual(statusesOf(answers), { 200: 40 })
})

test('also when each limit allows one failure, and when one has failed no more than that is checked', async (t) => {
  const once = { points: 1, seconds: 60 }
  const service = await startService(t, { limits: { ...NO_LIMITS, loginAccount: once, loginAddress: once } })
  await service.register()
  assert.deepEqual(statusesOf(await all(20, () => service.tryLogin())), { 200: 20 })
  const guesses = await all(20, (index) => service.tryLogin(`guess ${index}`))
  assert.deepEqual(statusesOf(guesses), { 401: 1, 429: 19 })
})

test('right ones among wrong ones: the wrong ones count, and never more of them are checked than the limit', async (t) => {
  const loginAccount = { points: 6, seconds: 3600 }
  const service = await startService(t, { limits: { ...NO_LIMITS, loginAccount } })
  await service.register()
  await service.login()
  const answers = await all(30, (index) => service.tryLogin(index % 3 === 0 ? PASSWORD : 'a guess'))
  assert.equal(statusesOf(answers)['401'], 6)
})

test('right current passwords at once, each with the session that it leaves open', async (t) => {
  const service = await startService(t, { limits: { ...LIMITS, registerAddress: false } })
  const names = Array.from({ length: 12 }, (_, index) => `user-${index}`)
  const bearers: string[] = []
  for (const name of names) {
    await service.register(name)
    bearers.push((await service.login(name)).accessToken)
  }
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const answers = await all(12, (index) =>
    service.request('/api/auth/password', { bearer: bearers[index], json }),
  )
  assert.deepEqual(statusesOf(answers), { 200: 12 })
})
