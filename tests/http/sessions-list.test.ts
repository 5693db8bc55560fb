/** The list of sessions, and ending one of them. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { snapshot, test } from '../support/database.ts'
import { ADMIN_TOKEN, DAY, MINUTE, PASSWORD, startService } from '../support/service.ts'
import { sidOf } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'

const iso = (time: number) => new Date(time).toISOString()

async function loginFrom(service: Awaited<ReturnType<typeof startService>>, device: string) {
  const { body } = await service.tryLogin(PASSWORD, 'ada', { headers: { 'User-Agent': device } })
  return { accessToken: body.data.access_token as string, refreshToken: body.data.refresh_token as string }
}

test('device, address, times, count and which one is current; last refreshed first', async (t) => {
  const service = await startService(t)
  await service.register()
  const began = service.clock.now
  const phone = await loginFrom(service, 'Phone/1.0 (ümläut)')
  service.clock.now += MINUTE
  const laptop = await loginFrom(service, 'x'.repeat(300))
  service.clock.now += MINUTE
  await service.refresh(phone.refreshToken)
  service.clock.now += MINUTE
  await service.exchange(phone.accessToken)
  // A refresh shows when the grace and a minute are over.
  service.clock.now += 2 * MINUTE

  const { body } = await service.request('/api/auth/sessions', { bearer: laptop.accessToken })
  const [first, second, ...others] = body.data.sessions
  assert.deepEqual(others, [])
  assert.deepEqual(first, {
    id: sidOf(phone.accessToken),
    device: 'Phone/1.0 (ümläut)',
    address: '127.0.0.1',
    created_at: iso(began),
    refreshed_at: iso(began + 3 * MINUTE),
    refresh_count: 2,
    refreshed_device: 'node',
    refreshed_address: '127.0.0.1',
    binding: null,
    expires_at: iso(began + 2 * MINUTE + 30 * DAY),
    current: false,
  })
  assert.deepEqual(second, {
    id: sidOf(laptop.accessToken),
    device: 'x'.repeat(256),
    address: '127.0.0.1',
    created_at: iso(began + MINUTE),
    refreshed_at: iso(began + MINUTE),
    refresh_count: 0,
    refreshed_device: 'x'.repeat(256),
    refreshed_address: '127.0.0.1',
    binding: null,
    expires_at: iso(began + MINUTE + 30 * DAY),
    current: true,
  })
})

test('last refreshed first, whatever the order of the logins and ids', async (t) => {
  const { service, accessToken } = await startWorld(t)
  const others = [await service.login(), await service.login(), await service.login(), await service.login()]
  const order: string[] = []
  for (const { refreshToken } of [others[2], others[0], others[3], others[1]].flatMap(
    (tokens) => tokens ?? [],
  )) {
    service.clock.now += MINUTE
    await service.refresh(refreshToken)
    order.unshift(sidOf(refreshToken))
  }
  // A refresh shows when the grace and a minute are over.
  service.clock.now += 2 * MINUTE
  const { body } = await service.request('/api/auth/sessions', { bearer: accessToken })
  const ids = body.data.sessions.map(({ id }: { id: string }) => id)
  assert.deepEqual(ids, [...order, sidOf(accessToken)])
})

test('only sessions that live, and only the own ones', async (t) => {
  const { service, accessToken } = await startWorld(t)
  await service.register('bob')
  const bob = await service.login('bob')
  const over = await service.login()
  await service.request('/api/auth/logout', { method: 'POST', bearer: over.refreshToken })
  const ids = async (bearer: string) => {
    const { body } = await service.request('/api/auth/sessions', { bearer })
    return body.data.sessions.map(({ id }: { id: string }) => id)
  }
  assert.deepEqual(await ids(accessToken), [sidOf(accessToken)])
  assert.deepEqual(await ids(bob.accessToken), [sidOf(bob.accessToken)])
})

test('a session that goes on by exchange is shown until its absolute deadline', async (t) => {
  const { service, accessToken } = await startWorld(t, { refreshTokenTtl: DAY })
  const began = service.clock.now
  service.clock.now += DAY + MINUTE
  const bearer = (await service.exchange(accessToken)).body.access_token
  const { body } = await service.request('/api/auth/sessions', { bearer })
  const shown = body.data.sessions.map(({ id, expires_at }: Record<string, string>) => [id, expires_at])
  assert.deepEqual(shown, [[sidOf(accessToken), iso(began + 90 * DAY)]])
})

const addOthers = async (
  service: Awaited<ReturnType<typeof startService>>,
  userId: string,
  count: number,
) => {
  const { id: _, ...row } = await service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  for (let at = 0; at < count; at += 400) {
    const rows = Array.from({ length: Math.min(400, count - at) }, () => ({
      ...row,
      id: randomUUID(),
      user_id: userId,
    }))
    await service.core.db.insertInto('sessions').values(rows).execute()
  }
}

test('page by page: each session on one page, for the user as for an operator', async (t) => {
  const { service, user, accessToken } = await startWorld(t)
  await addOthers(service, user.id, 24)
  const lists = [
    { path: '/api/auth/sessions', bearer: accessToken },
    { path: `/admin/users/${user.id}/sessions`, bearer: ADMIN_TOKEN },
  ]
  for (const { path, bearer } of lists) {
    const sizes: number[] = []
    const seen = new Set<string>()
    let query = '?limit=10'
    for (;;) {
      const { body } = await service.request(`${path}${query}`, { bearer })
      const { sessions, next_cursor: cursor } = body.data
      sizes.push(sessions.length)
      for (const { id } of sessions) seen.add(id)
      if (cursor === null) break
      query = `?limit=10&cursor=${cursor}`
    }
    assert.deepEqual(sizes, [10, 10, 5], path)
    assert.equal(seen.size, 25, path)
  }
})

test('a thousand that are over before one that lives: the page is short and names the next one', async (t) => {
  const { service, user, accessToken } = await startWorld(t)
  const { db } = service.core
  await addOthers(service, user.id, 1500)
  await db
    .updateTable('sessions')
    .set({ absolute_expires_at: 0 })
    .where('id', '<>', sidOf(accessToken))
    .execute()
  const shown: string[] = []
  let cursor: string | null = ''
  let pages = 0
  while (cursor !== null) {
    const query: string = cursor === '' ? '' : `?cursor=${cursor}`
    const { body } = await service.request(`/api/auth/sessions${query}`, { bearer: accessToken })
    shown.push(...body.data.sessions.map(({ id }: { id: string }) => id))
    cursor = body.data.next_cursor
    pages++
  }
  assert.deepEqual(shown, [sidOf(accessToken)])
  assert.equal(pages, 2)
})

test('100 at the most', async (t) => {
  const { service, user, accessToken } = await startWorld(t)
  await addOthers(service, user.id, 120)
  const { body } = await service.request('/api/auth/sessions', { bearer: accessToken })
  assert.equal(body.data.sessions.length, 100)
})

const end = (service: Awaited<ReturnType<typeof startService>>, id: string, bearer: string) =>
  service.request(`/api/auth/sessions/${id}`, { method: 'DELETE', bearer })

test('ending another one: it is over at once, this one goes on, and twice is 404', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  const other = await service.login()
  const id = sidOf(other.accessToken)
  assert.deepEqual((await end(service, id, accessToken)).body.data, { message: 'Session ended' })
  assert.equal((await service.refresh(other.refreshToken)).status, 401)
  assert.equal((await service.exchange(other.accessToken)).status, 401)
  assert.equal((await service.request('/api/auth/me', { bearer: other.accessToken })).status, 401)
  assert.equal((await end(service, id, accessToken)).body.message, 'Session not found.')
  assert.equal((await service.refresh(refreshToken)).status, 200)
})

test('an id is the same in upper case: RFC 9562 §4', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  assert.equal((await end(service, sidOf(accessToken).toUpperCase(), accessToken)).status, 200)
  assert.equal((await service.refresh(refreshToken)).status, 401)
})

test('ending the current one takes its cookie away, ending another does not', async (t) => {
  const service = await startService(t)
  await service.register()
  const mine = await service.login()
  const other = await service.login()
  const cookie = `refresh_token=${mine.refreshToken}`
  const end = (id: unknown) =>
    service.request(`/api/auth/sessions/${id}`, { method: 'DELETE', bearer: mine.accessToken, cookie })
  const sid = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid
  assert.equal((await end(sid(other.accessToken))).headers.get('Set-Cookie'), null)
  assert.match(
    (await end(sid(mine.accessToken))).headers.get('Set-Cookie') ?? '',
    /^refresh_token=; Max-Age=0/,
  )
})

test('ending the current one is a logout', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  const id = sidOf(accessToken)
  assert.equal((await end(service, id, accessToken)).status, 200)
  assert.equal((await end(service, id, accessToken)).body.message, 'Invalid access token.')
  assert.equal((await service.refresh(refreshToken)).status, 401)
})

test("another user's session: 404 as if there were none, and it goes on", async (t) => {
  const { service, accessToken } = await startWorld(t)
  await service.register('bob')
  const bob = await service.login('bob')
  const before = await snapshot(service.database)
  const theirs = await end(service, sidOf(bob.accessToken), accessToken)
  const nobodys = await end(service, randomUUID(), accessToken)
  assert.deepEqual(theirs.body, { status: 'error', code: 404, message: 'Session not found.' })
  assert.deepEqual(theirs.body, nobodys.body)
  assert.deepEqual(await snapshot(service.database), before)
  assert.equal((await service.refresh(bob.refreshToken)).status, 200)
})

test('an id that is no UUID: 400 and no look into the database', async (t) => {
  const { service, accessToken } = await startWorld(t)
  for (const id of ['1', 'null', '%00', "'%20or%201=1--", `${sidOf(accessToken)}%0d%0a`, 'x'.repeat(2000)]) {
    const { status, body } = await end(service, id, accessToken)
    assert.deepEqual([status, body.errors?.[0]?.path], [400, 'id'], id)
  }
})

test('a page that cannot be meant: 400', async (t) => {
  const { service, accessToken } = await startWorld(t)
  for (const query of ['limit=0', 'limit=101', 'cursor=', 'cursor=x', 'page=2']) {
    const { status } = await service.request(`/api/auth/sessions?${query}`, { bearer: accessToken })
    assert.equal(status, 400, query)
  }
})
