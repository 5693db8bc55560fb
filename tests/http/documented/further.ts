/** Responses of other kinds than the examples have: full pages, empty members, and cookies of sessions that end. */
import { goodRegistration } from '../../../src/conform/provocations/devices.ts'
import { createKey, sendProven } from '../../../src/conform/provocations/dpop.ts'
import { asForm } from '../../../src/conform/provocations/good.ts'
import { PAGE } from '../../../src/feed/feed.ts'
import { pruneAll } from '../../../src/sessions/prune.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import type { Ended } from '../../../src/store/queries/feed.ts'
import { insertEnded } from '../../../src/store/queries/feed.ts'
import { deactivateUser } from '../../../src/store/queries/users.ts'
import { PUBLIC_ALGORITHMS } from '../../../src/tokens/algorithms.ts'
import type { Request } from '../../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE, override } from '../../support/service.ts'
import type { World } from '../../support/world.ts'
import { configure, signWith } from '../../support/world.ts'

/** What is wrong with a request in other ways than an example shows */
async function misfits({ service }: World): Promise<void> {
  await service.request('/api/auth/login', { json: { username: 'ada', password: 1, odd: 1 } })
  await service.request('/admin/users?limit=0', { bearer: ADMIN_TOKEN })
}

/** A session of which neither a device nor an address is known, seen by its user and by an administrator */
async function withoutDevice({ service, user }: World): Promise<void> {
  const asAdmin = (path: string, more: Request = {}) =>
    service.request(`/admin/users/${user.id}${path}`, { bearer: ADMIN_TOKEN, ...more })
  const { body } = await asAdmin('/sessions', { json: {} })
  const { access_token: bearer, session_id } = body.data
  await service.request('/api/auth/sessions', { bearer })
  await asAdmin('/sessions')
  await asAdmin('/session_history')
  for (const path of ['/sessions', '/session_history']) await asAdmin(`${path}?limit=1`)
  await service.request('/api/auth/sessions?limit=1', { bearer })
  const cookie = `refresh_token=${body.data.refresh_token}`
  await service.request(`/api/auth/sessions/${session_id}`, { method: 'DELETE', bearer, cookie })
}

/** Events of all kinds, of the command and of people */
async function events({ service, user, refreshToken }: World): Promise<void> {
  const asAdmin = (path: string) => service.request(path, { bearer: ADMIN_TOKEN })
  await service.tryLogin('not the password', 'nobody')
  await service.refresh(refreshToken)
  service.clock.now += MINUTE
  await service.refresh(refreshToken)
  const { accessToken: bearer, refreshToken: cookie } = await service.login()
  const logout = { method: 'POST', bearer, cookie: `refresh_token=${cookie}` }
  await service.request('/api/auth/logout_all', logout)
  await service.register('grace')
  for (const list of ['users', 'events']) await asAdmin(`/admin/${list}?limit=1`)
  await deactivateUser(service.core.db, user.id, service.clock.now, OPERATOR)
  await asAdmin(`/admin/users/${user.id}`)
  await asAdmin('/admin/events?limit=200')
  service.clock.now += 3 * DAY
  await pruneAll(service.core)
  await asAdmin(`/admin/users/${user.id}/session_history`)
}

/** Keys of all kinds */
async function keys(world: World): Promise<void> {
  for (const algorithm of PUBLIC_ALGORITHMS) {
    await signWith(world, algorithm)
    await world.request('/.well-known/jwks.json')
  }
}

/** A registration while there is a bound cookie, and one that a rotation offers */
async function devices(world: World): Promise<void> {
  const { path, request } = await goodRegistration(world)
  const cookie = `${request.cookie}; refresh_token-bound=of another session`
  await world.service.request(path, { ...request, cookie })
  world.service.clock.now += MINUTE
  await world.service.request('/refresh_token', { method: 'POST', cookie })
}

/** Sessions that are bound to a key, with access tokens that are or are not */
async function bound(world: World): Promise<void> {
  const { service, password, user } = world
  const key = createKey()
  const login = { json: { username: user.username, password } }
  for (const bindsAccessTokens of [false, true]) {
    configure(world, { bindsAccessTokens })
    const { body } = await sendProven(world, key, '/api/auth/login', login)
    const { access_token: token, refresh_token: bearer } = body.data
    await sendProven(world, key, '/refresh_token', { method: 'POST', bearer })
    await sendProven(world, key, '/api/auth/refresh', { json: { token } })
    await service.request('/api/auth/me', { bearer: token })
    await service.request('/introspect', { bearer: world.introspectionToken, ...asForm({ token }) })
  }
  await service.request(`/admin/users/${user.id}/sessions`, { bearer: ADMIN_TOKEN })
  configure(world, { bindsAccessTokens: false })
  const { accessToken } = await service.login()
  await service.request('/api/auth/sessions', { bearer: accessToken })
}

/** The feed with what ends in all ways, in two pages, and introspection with an issuer */
async function verification(world: World): Promise<void> {
  const { service, introspectionToken, revocationsToken: bearer } = world
  const [userId, through, except] = ['a user', 'the last session', 'another session']
  const many = Array.from({ length: PAGE }, (_, index) => ({ jti: `token ${index}`, heldUntil: 0 }))
  const forms: readonly Ended[] = [
    ...[
      { sessionId: 'a session' },
      { sessionId: 'a session', generation: 2 },
      { jti: 'a token', heldUntil: 0 },
    ],
    ...[
      { userId },
      { userId, through },
      { userId, through, except },
      { userId, claimsVersion: 1 },
      { through },
    ],
  ]
  await insertEnded(service.core.db, [...forms, ...many], service.clock.now)
  const { body } = await service.request('/revocations', { bearer })
  await service.request(`/revocations?cursor=${body.data.cursor}&wait=1`, { bearer })
  configure(world, { issuer: 'https://id.example', audience: 'api', clientId: 'app' })
  const { accessToken: token } = await service.login()
  await service.request('/introspect', { bearer: introspectionToken, ...asForm({ token }) })
}

/** The service's own description when introspection is off */
async function withoutIntrospection(world: World): Promise<void> {
  const { core } = world.service
  const { introspectionToken, settings } = core
  const issuer = 'https://id.example'
  configure(world, { issuer, publicUrl: issuer })
  override(core, { introspectionToken: undefined })
  await world.request('/.well-known/oauth-authorization-server')
  override(core, { introspectionToken, settings })
}

/** Sends them all. Each is checked against the contract, as every response. */
export async function further(world: World): Promise<void> {
  await withoutIntrospection(world)
  await verification(world)
  configure(world, { issuer: undefined, audience: undefined, clientId: undefined })
  await misfits(world)
  await withoutDevice(world)
  await bound(world)
  // The user is deactivated by these.
  await events(world)
  await keys(world)
  await devices((await world.another()) as World)
}
