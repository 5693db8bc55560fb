/** The security events that administration reads, and those that it causes. */
import assert from 'node:assert/strict'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { ADMIN_TOKEN, PASSWORD, startService } from '../support/service.ts'
import { sidOf } from '../support/tokens.ts'

interface Event {
  readonly type: string
  readonly data: {
    readonly reason: string | null
    readonly user_id: string | null
    readonly session_id: string | null
    readonly address: string | null
    readonly request_id: string | null
  }
}

const ask = async (
  { request }: Service,
  query = '',
): Promise<{ events: Event[]; next_cursor: string | null }> =>
  (await request(`/admin/events${query}`, { bearer: ADMIN_TOKEN })).body.data

const names = (events: readonly Event[]) => events.map(({ type }) => type)

test('the newest first, page by page, each once, whatever comes meanwhile', async (t) => {
  const service = await startService(t)
  await service.register()
  for (let count = 0; count < 4; count++) await service.login()
  const seen: Event[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page = await ask(service, `?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`)
    seen.push(...page.events)
    cursor = page.next_cursor
    await service.login()
  }
  assert.deepEqual(names(seen), [...Array(4).fill('session.opened'), 'user.registered'])
  assert.equal(new Set(seen.map(({ data }) => data.session_id)).size, 5)
  const all = await ask(service, '?limit=200')
  assert.deepEqual([all.events.length, all.next_cursor], [8, null])
})

test('by user, session, type and time; of users who are gone, too', async (t) => {
  const service = await startService(t, { keepEventsOfDeleted: true })
  const { id } = await service.register()
  const { accessToken } = await service.login()
  service.clock.now += 60_000
  await service.register('grace')
  await service.login('grace')
  await service.request(`/admin/users/${id}`, { method: 'DELETE', bearer: ADMIN_TOKEN })
  const of = async (query: string) => names((await ask(service, query)).events)
  assert.deepEqual(await of(`?user_id=${id}`), ['user.deleted', 'session.opened', 'user.registered'])
  assert.deepEqual(await of(`?session_id=${sidOf(accessToken)}`), ['session.opened'])
  assert.deepEqual(await of('?type=user.registered&limit=1'), ['user.registered'])
  const since = new Date(service.clock.now).toISOString()
  assert.deepEqual(await of(`?since=${since}`), ['user.deleted', 'session.opened', 'user.registered'])
  assert.deepEqual(await of('?user_id=nobody'), [])
})

test('since any date-time of RFC 3339, with any offset', async (t) => {
  const service = await startService(t)
  await service.register()
  const since = async (time: string) => {
    const query = `?since=${encodeURIComponent(time)}`
    const { status, body } = await service.request(`/admin/events${query}`, { bearer: ADMIN_TOKEN })
    return status === 200 ? names(body.data.events) : body
  }
  const local = (minutes: number) => new Date(service.clock.now + minutes * 60_000).toISOString().slice(0, -1)
  for (const time of [
    `${local(0)}Z`,
    `${local(0)}z`,
    `${local(0).toLowerCase()}z`,
    `${local(0)}+00:00`,
    `${local(0)}-00:00`,
    `${local(345)}+05:45`,
    `${local(-1439)}-23:59`,
    '2016-12-31T23:59:60Z',
    '0000-01-01T00:00:00Z',
  ])
    assert.deepEqual(await since(time), ['user.registered'], time)
  assert.deepEqual(await since(`${local(1)}+00:00`), [])
  assert.deepEqual(await since('9999-12-31T23:59:59-23:59'), [])
})

test('parameters that are none: 400, and which', async (t) => {
  const service = await startService(t)
  for (const query of ['since=yesterday', 'cursor=0', 'cursor=x', 'type=A', 'limit=0', 'other=1']) {
    const answer = await service.request(`/admin/events?${query}`, { bearer: ADMIN_TOKEN })
    assert.deepEqual([answer.status, answer.body.errors.length], [400, 1], query)
  }
})

test('what an administrator does is there once, with where it came from; what did nothing is not', async (t) => {
  const service = await startService(t, { keepEventsOfDeleted: true })
  const act = (path: string, method = 'POST', json?: object) =>
    service.request(`/admin/users${path}`, {
      method,
      bearer: ADMIN_TOKEN,
      headers: { 'X-Request-Id': `request-of-${method}` },
      ...(json !== undefined && { json }),
    })
  const { id } = (await act('', 'POST', { username: 'ada', password: PASSWORD })).body.data
  const opened = (await act(`/${id}/sessions`, 'POST', {})).body.data.session_id
  const second = (await act(`/${id}/sessions`, 'POST', { address: '192.0.2.7' })).body.data.session_id
  await act(`/${id}/sessions/${opened}`, 'DELETE')
  await act(`/${id}/sessions/${opened}`, 'DELETE')
  await act(`/${id}/deactivate`)
  await act(`/${id}/deactivate`)
  await act(`/${id}/activate`)
  await act(`/${id}/activate`)
  await act(`/${id}`, 'DELETE')
  const events = (await ask(service)).events.toReversed()
  assert.deepEqual(
    events.map(({ type, data: { reason, session_id } }) => [type, reason, session_id]),
    [
      ['user.registered', 'operator', null],
      ['session.opened', 'operator', opened],
      ['session.opened', 'operator', second],
      ['session.revoked', 'operator', opened],
      ['user.deactivated', null, null],
      ['session.revoked', 'deactivated', second],
      ['user.activated', null, null],
      ['user.deleted', null, null],
    ],
  )
  for (const { data } of events) {
    assert.equal(data.user_id, id)
    assert.match(String(data.request_id), /^request-of-/)
  }
  // An administrator cannot claim to be another client.
  assert.equal(events[2]?.data.address, '127.0.0.1')
  assert.equal(events[3]?.data.address, '127.0.0.1')
})

test('a wrong token is there once an hour, however often it comes', async (t) => {
  const service = await startService(t)
  const knock = () => service.request('/admin/users', { bearer: `${ADMIN_TOKEN}x` })
  for (let count = 0; count < 5; count++) assert.equal((await knock()).status, 401)
  assert.deepEqual(names((await ask(service)).events), ['admin.refused'])
  service.clock.now += 3_600_000
  await knock()
  assert.deepEqual(names((await ask(service)).events), ['admin.refused', 'admin.refused'])
})
