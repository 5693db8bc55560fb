/** A request that loses a race or gets a 5xx changes no cookie: the browser may already have the winner's. */
import assert from 'node:assert/strict'
import { snapshot, test } from '../support/database.ts'
import { PASSWORD } from '../support/service.ts'
import { cookiesOf, sidOf } from '../support/tokens.ts'
import { hideTables, lockDatabase } from '../support/world.ts'
import type { CookieWorld } from './cookies.ts'
import { HOST, post, startWithCookie } from './cookies.ts'

/** Another tab logs in, and the browser has its cookie from now on. */
async function loginAs({ service, name }: CookieWorld, username: string): Promise<CookieWorld> {
  const json = { username, password: PASSWORD, cookie: true }
  const answer = await service.request('/api/auth/login', { json })
  const [cookie] = cookiesOf(answer)
  assert.ok(cookie !== undefined)
  return { service, name, accessToken: answer.body.data.access_token, refreshToken: cookie.value }
}

const cleared = (answer: Parameters<typeof cookiesOf>[0]) =>
  cookiesOf(answer).map(({ value }) => value === '')

test('refreshes that lose a race are 401 and clear nothing, with no grace at all', async (t) => {
  const world = await startWithCookie(t, { grace: 0 })
  const answers = await Promise.all(Array.from({ length: 8 }, () => post(world, world.refreshToken)))
  const won = answers.filter(({ status }) => status === 200)
  assert.equal(won.length, 1)
  for (const answer of answers) {
    assert.deepEqual(cleared(answer), answer === won[0] ? [false] : [], answer.text)
  }
})

test('a tab that is behind ends its own session and leaves the cookie of the newer one', async (t) => {
  const world = await startWithCookie(t)
  const { service, accessToken } = world
  const newer = await loginAs(world, 'ada')
  const cookie = `${HOST}=${newer.refreshToken}`
  const end = (token: string) =>
    service.request(`/api/auth/sessions/${sidOf(token)}`, { method: 'DELETE', bearer: accessToken, cookie })
  // The newer token from the older tab is that of the cookie.
  const third = await loginAs(world, 'ada')
  assert.deepEqual(cleared(await end(third.refreshToken)), [])
  assert.deepEqual(cleared(await end(newer.refreshToken)), [true])
  assert.deepEqual(cleared(await end(accessToken)), [])

  await service.register('grace')
  const [old, grace] = [await loginAs(world, 'ada'), await loginAs(world, 'grace')]
  const all = await post(world, grace.refreshToken, '/api/auth/logout_all', old.accessToken)
  assert.deepEqual([all.status, cleared(all)], [200, []])
  const refreshed = await post(grace, grace.refreshToken)
  assert.deepEqual([refreshed.status, cleared(refreshed)], [200, [false]])
  const own = await post(world, grace.refreshToken, '/api/auth/logout_all', grace.accessToken)
  assert.deepEqual([own.status, cleared(own)], [200, [true]])
})

test('a 5xx sets and clears no cookie, and changes nothing', async (t) => {
  const world = await startWithCookie(t)
  const { service, accessToken: bearer, refreshToken } = world
  const cookie = `${HOST}=${refreshToken}`
  const before = await snapshot(service.database)
  const fail = async (status: number) => {
    const answers = await Promise.all([
      service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD, cookie: true } }),
      service.request('/refresh_token', { method: 'POST', cookie }),
      service.request('/api/auth/logout', { method: 'POST', cookie }),
      service.request('/api/auth/logout', { method: 'POST', cookie, bearer }),
      service.request('/api/auth/logout_all', { method: 'POST', cookie, bearer }),
      service.request(`/api/auth/sessions/${sidOf(bearer)}`, { method: 'DELETE', cookie, bearer }),
    ])
    for (const answer of answers) assert.deepEqual([answer.status, cookiesOf(answer)], [status, []])
  }
  const putBack = await hideTables(world)
  await fail(500)
  await putBack()
  // On SQLite they would wait for each other. The test of a refresh is in cookie-mode.test.ts.
  if (t.dialect === 'postgres') {
    const unlock = await lockDatabase({ t, service })
    await fail(503)
    await unlock()
  }
  assert.deepEqual(await snapshot(service.database), before)
  assert.equal((await post(world, refreshToken)).status, 200)
  await service.core.store.close()
  await fail(503)
})
