/** The contract's tag `admin`. */
import { randomUUID } from 'node:crypto'
import type { Request } from '../../support/service.ts'
import { ADMIN_TOKEN, override, PASSWORD } from '../../support/service.ts'
import { sidOf } from '../../support/tokens.ts'
import type { World } from '../../support/world.ts'
import { withNewPassword } from './accounts.ts'
import type { Provocation, Provocations } from './provoke.ts'
import { after, busy, changed, ofUser, reading, withBody, writing } from './provoke.ts'

type Id = (world: World) => string

const ada: Id = ({ user }) => user.id
const nobody: Id = () => randomUUID()

/** A request with the token to a path below a user. */
const ask =
  (rest: string | Id, request: Request, id: Id = ada): Provocation =>
  (world) => ({
    path: `/admin/users/${id(world)}${typeof rest === 'string' ? rest : `/sessions/${rest(world)}`}`,
    request: { bearer: ADMIN_TOKEN, ...request },
  })

/** The responses of every operation of the tag. */
const withToken = (good: Provocation): Provocations => ({
  '401 missing': [
    changed(good, ({ bearer: _, ...request }) => request),
    changed(good, ({ bearer, ...request }) => ({ ...request, cookie: `refresh_token=${bearer}` })),
  ],
  '401 invalid': [
    changed(good, (request) => ({ ...request, bearer: `${ADMIN_TOKEN}x` })),
    changed(good, (request, { accessToken }) => ({ ...request, bearer: accessToken })),
  ],
  '404 off': after(good, ({ service }) => override(service.core, { adminToken: undefined })),
})

/** The responses of every operation with ids in its path. */
const below = (rest: string | Id, request: Request): Provocations => ({
  ...withToken(ask(rest, request)),
  '400 invalid_id': ask(rest, request, () => 'not-a-uuid'),
  '404 unknown_user': ask(rest, request, nobody),
})

/** Without the cross-site refusal, because cookies do not count here. */
const cookieless = ({ '403 cross_site': _, ...provocations }: Provocations): Provocations => provocations

/** The responses of an operation that writes. A lock takes a second, so only opening a session is tested with it. */
const changing = (good: Provocation): Provocations => ({
  ...cookieless(writing(good)),
  ...reading(good),
})

const GET = {}
const POST = { method: 'POST' }
const DELETE = { method: 'DELETE' }

const list =
  (query: string): Provocation =>
  () => ({ path: `/admin/users${query}`, request: { bearer: ADMIN_TOKEN } })

export const listUsers: Provocations = {
  ...reading(list('')),
  ...withToken(list('')),
  '200 last_page': [list(''), list('?username=ADA&limit=1')],
  '400 invalid_parameter': list('?limit=201'),
}

const listOfEvents =
  (query: string | Id): Provocation =>
  (world) => ({
    path: `/admin/events${typeof query === 'string' ? query : `?${query(world)}`}`,
    request: { bearer: ADMIN_TOKEN },
  })

export const listEvents: Provocations = {
  ...reading(listOfEvents('')),
  ...withToken(listOfEvents('')),
  '200 last_page': [
    listOfEvents(({ user, accessToken }) => `user_id=${user.id}&session_id=${sidOf(accessToken)}`),
    listOfEvents('?type=session.opened&since=2026-11-22T08:00:00Z&cursor=999'),
  ],
  '400 invalid_parameter': listOfEvents('?limit=201'),
}

const create =
  (json: object): Provocation =>
  () => ({ path: '/admin/users', request: { bearer: ADMIN_TOKEN, json } })

export const createUser: Provocations = {
  ...cookieless(withBody(create({ username: 'grace' }), 'username')),
  ...withNewPassword(create({ username: 'grace', password: PASSWORD }), 'password'),
  ...reading(create({ username: 'grace' })),
  ...withToken(create({ username: 'grace' })),
  ...busy(create({ username: 'Ada', password: PASSWORD })),
  '201 created': [create({ username: 'grace' }), create({ username: 'grace', password: PASSWORD })],
  '409 taken': create({ username: 'Ada' }),
}

export const getUser: Provocations = { ...reading(ask('', GET)), ...below('', GET), '200 ada': ask('', GET) }

export const deleteUser: Provocations = {
  ...changing(ask('', DELETE)),
  ...below('', DELETE),
  '200 deleted': ask('', DELETE),
}

export const deactivateUser: Provocations = {
  ...changing(ask('/deactivate', POST)),
  ...below('/deactivate', POST),
  '200 deactivated': ask('/deactivate', POST),
}

export const activateUser: Provocations = {
  ...changing(ask('/activate', POST)),
  ...below('/activate', POST),
  '200 activated': ask('/activate', POST),
}

const set = ask('/password', { method: 'PUT', json: { password: 'Aunt Agatha at ten' } })

export const setUserPassword: Provocations = {
  ...cookieless(withBody(set, 'password')),
  ...withNewPassword(set, 'password'),
  ...below('/password', { method: 'PUT', json: { password: PASSWORD } }),
  ...busy(set),
  '200 set': set,
  '400 username_inside': ask('/password', { method: 'PUT', json: { password: 'and ＡＤＡ, again' } }),
}

const called = (username: string) => ask('/username', { method: 'PUT', json: { username } })

export const renameUser: Provocations = {
  ...cookieless(withBody(called('grace'), 'username')),
  ...below('/username', { method: 'PUT', json: { username: 'grace' } }),
  '200 renamed': [called('grace'), called('Ada'), called('ada')],
  '409 taken': async (world) => {
    await world.service.register('Grace')
    return called('GRACE')(world)
  },
}

export const listUserSessions: Provocations = {
  ...reading(ask('/sessions', GET)),
  ...below('/sessions', GET),
  '200 one': ask('/sessions', GET),
  '400 invalid_parameter': ask('/sessions?limit=101', GET),
}

export const explainUserSessions: Provocations = {
  ...reading(ask('/session_history', GET)),
  ...below('/session_history', GET),
  '200 one': async (world) => {
    await world.service.request('/api/auth/logout', { method: 'POST', bearer: world.refreshToken })
    return ask('/session_history', GET)(world)
  },
  '400 invalid_parameter': ask('/session_history?limit=101', GET),
}

const open = ask('/sessions', { json: { device: 'A browser', address: '2001:db8::1' } })
const wrongly = ask('/sessions', { json: { address: 'localhost' } })

const withKey = (key: string) => ask('/sessions', { json: {}, headers: { 'Idempotency-Key': key } })
const keyed = withKey('8e03978e-40d5-43e8-bc93-6894a57f9324')

export const openUserSession: Provocations = {
  ...cookieless(withBody(open, '')),
  ...below('/sessions', { json: {} }),
  '201 opened': [open, ask('/sessions', { json: {} })],
  '400 invalid_member': wrongly,
  '409 session_ended': async (world) => {
    const { path, request } = await keyed(world)
    const { body } = await world.service.request(path, request)
    await world.service.request('/api/auth/logout', { method: 'POST', bearer: body.data.refresh_token })
    return { path, request }
  },
  '403 inactive': ofUser(open)['403 inactive'] as Provocation,
}

export const endUserSessions: Provocations = {
  ...changing(ask('/sessions', DELETE)),
  ...below('/sessions', DELETE),
  '200 ended': ask('/sessions', DELETE),
}

const current: Id = ({ accessToken }) => sidOf(accessToken)

export const endUserSession: Provocations = {
  ...changing(ask(current, DELETE)),
  ...below(current, DELETE),
  '200 ended': ask(current, DELETE),
  '400 invalid_id': [ask(current, DELETE, () => 'not-a-uuid'), ask(() => 'not-a-uuid', DELETE)],
  '404 unknown_session': ask(nobody, DELETE),
}
