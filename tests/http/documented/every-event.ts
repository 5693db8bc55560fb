/** Every event that is kept, caused as in practice, and then listed. */
import { deviceRefresh, register } from '../../../src/conform/provocations/devices.ts'
import { pruneAll } from '../../../src/sessions/prune.ts'
import { endEverySession } from '../../../src/sessions/revoke.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { signRefreshToken, verifyRefreshToken } from '../../../src/tokens/refresh-token.ts'
import type { Request } from '../../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE, PASSWORD } from '../../support/service.ts'
import type { World } from '../../support/world.ts'
import { limit } from '../../support/world.ts'

/** `token.refused`, `token.reuse_detected` by an exchange, `token.shared` and `session.restored` */
async function ofTokens({ service, refreshToken }: World): Promise<void> {
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  await service.refresh(refreshToken)
  const { accessToken } = await service.login()
  await service.exchange(accessToken)
  service.clock.now += MINUTE
  await service.exchange(accessToken)
  await shareCopies(service)
  const { keys } = service.core
  const verified = verifyRefreshToken(keys, (await service.login()).refreshToken, service.clock.now)
  if (verified.outcome === 'invalid') throw new Error('a token of a login is not valid')
  // As from a database that was restored from a backup since
  const { token } = verified
  await service.refresh(signRefreshToken(keys, { ...token, generation: token.generation + 2 }))
}

/** `session.bound`, and what is refused without the device */
async function ofDevices(world: World): Promise<void> {
  const browser = await register(world)
  const { path, request } = deviceRefresh(browser)
  await world.service.request(path, request)
  const { accessToken: bearer } = await world.login()
  await world.service.request('/api/auth/sessions', { bearer })
  await world.service.request(`/admin/users/${world.user.id}/sessions`, { bearer: ADMIN_TOKEN })
  world.service.clock.now += MINUTE
  await world.service.request('/refresh_token', { method: 'POST', cookie: browser.cookie })
  // One that has expired here
  const cookie = `${browser.cookie}; refresh_token-bound=expired`
  await world.service.request('/refresh_token', { method: 'POST', cookie })
}

/** Two holders, by their user agents */
async function shareCopies(service: World['service']): Promise<void> {
  const by = async (holder: string, bearer: string) => {
    const headers = { 'User-Agent': holder }
    return (await service.request('/refresh_token', { method: 'POST', bearer, headers })).body.data
      ?.refresh_token
  }
  const { refreshToken } = await service.login()
  const [one, other] = [await by('one', refreshToken), await by('another', refreshToken)]
  await by('one', one)
  await by('another', other)
}

/** `password.…`, and those of administration */
async function ofUsers({ service, user }: World): Promise<void> {
  const asAdmin = (path: string, more: Request) =>
    service.request(`/admin/users/${path}`, { bearer: ADMIN_TOKEN, method: 'POST', ...more })
  await service.request('/admin/users', { bearer: 'not the secret' })
  const { accessToken: bearer } = await service.login()
  for (const current_password of ['not the password', PASSWORD]) {
    const json = { current_password, new_password: 'another one entirely' }
    await service.request('/api/auth/password', { bearer, json })
  }
  await asAdmin(`${user.id}/username`, { method: 'PUT', json: { username: 'lovelace' } })
  for (const act of ['deactivate', 'activate']) await asAdmin(`${user.id}/${act}`, {})
  await asAdmin(`${user.id}/password_reset`, {})
  await asAdmin(`${user.id}/claims`, { method: 'PUT', json: { claims: { roles: ['editor'] } } })
  const { id } = await service.register('grace')
  await asAdmin(id, { method: 'DELETE' })
}

export async function everyEvent(world: World): Promise<void> {
  const { service } = world
  await ofTokens(world)
  await ofDevices(world)
  await ofUsers(world)
  await service.register('hopper')
  await service.login('hopper')
  await endEverySession(service.core, { reason: 'operator', origin: OPERATOR })
  await service.login('hopper')
  service.clock.now += 31 * DAY
  await pruneAll(service.core)
  limit(world)
  for (const password of ['one', 'two', 'three']) await service.tryLogin(password, 'hopper')
  await service.request('/admin/events?limit=200', { bearer: ADMIN_TOKEN })
}
