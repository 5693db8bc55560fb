/** Two services on one database: each sees the changes of the other at once. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { startSecond } from './second.ts'

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

test('50 parallel refreshes of one token across both: all 200, one successor', async (t) => {
  const first = await startService(t)
  const both = [first, await startSecond(t, first)] as const
  await first.register()
  let { refreshToken } = await first.login()
  for (let round = 0; round < 3; round++) {
    const answers = await Promise.all(times(50, (index) => (both[index % 2] ?? first).refresh(refreshToken)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    const successors = new Set(answers.map(({ body }) => body.data.refresh_token as string))
    assert.equal(successors.size, 1)
    refreshToken = [...successors].join()
  }
})

test('50 parallel exchanges of one token across both: all 200, one successor', async (t) => {
  const first = await startService(t)
  const both = [first, await startSecond(t, first)] as const
  await first.register()
  const { accessToken } = await first.login()
  const answers = await Promise.all(times(50, (index) => (both[index % 2] ?? first).exchange(accessToken)))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
  assert.equal(new Set(answers.map(({ body }) => body.access_token as string)).size, 1)
})

test('what one process revokes the other refuses; reuse across both ends the session', async (t) => {
  const first = await startService(t)
  const second = await startSecond(t, first)
  await first.register()
  const [one, two] = [await first.login(), await second.login()]
  await first.request('/api/auth/logout', { method: 'POST', bearer: one.refreshToken })
  assert.equal((await second.refresh(one.refreshToken)).status, 401)
  assert.equal((await second.request('/api/auth/me', { bearer: one.accessToken })).status, 401)

  const next = (await first.refresh(two.refreshToken)).body.data.refresh_token
  const last = (await second.refresh(next)).body.data.refresh_token
  assert.equal((await first.refresh(two.refreshToken)).status, 401)
  assert.equal((await second.refresh(last)).status, 401)

  const three = await first.login()
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  assert.equal((await second.request('/api/auth/password', { bearer: three.accessToken, json })).status, 200)
  const old = { json: { username: 'ada', password: PASSWORD } }
  assert.equal((await first.request('/api/auth/login', old)).status, 401)
})
