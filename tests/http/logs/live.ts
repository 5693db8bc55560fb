import assert from 'node:assert/strict'
import type { Request } from '../../support/service.ts'
import { ADMIN_TOKEN, DAY, MINUTE } from '../../support/service.ts'
import { resigned, sidOf } from '../../support/tokens.ts'
import { configure } from '../../support/world.ts'
import type { Witness } from './witness.ts'

/** All requests that succeed, and all that cause an event. */
export async function live(
  witness: Witness,
): Promise<Record<'access' | 'refresh' | 'expired' | 'password', string>> {
  const { service } = witness
  const [first, second] = [witness.keep('pw-first-8c1f0a'), witness.keep('pw-second-55d2b7')]
  await witness.ask('/api/auth/register', { json: { username: 'ada', password: first } })
  const [header, cookie] = [await witness.login(first), await witness.login(first, { cookie: true })]
  const wrong = { username: 'ada', password: witness.keep('pw-wrong-93ae41') }
  assert.equal((await witness.ask('/api/auth/login', { json: wrong })).status, 401)
  // A common mistake: the password in the username field.
  const swapped = { username: witness.keep('pw-swapped-6be09d'), password: 'ada' }
  assert.equal((await witness.ask('/api/auth/login', { json: swapped })).status, 401)
  await witness.post('/refresh_token', header.refreshToken)
  await witness.post('/refresh_token', header.refreshToken)
  await witness.post('/refresh_token', undefined, cookie.refreshToken)
  for (const path of ['/api/auth/me', '/api/auth/sessions'])
    await witness.ask(path, { bearer: header.accessToken })
  const exchange = (token: string) => witness.ask('/api/auth/refresh', { json: { token } })
  await exchange(cookie.accessToken)
  await exchange(cookie.accessToken)

  const mine = await witness.login(first)
  const change = (current: string) =>
    witness.ask('/api/auth/password', {
      bearer: mine.accessToken,
      json: { current_password: current, new_password: second },
    })
  assert.equal((await change(wrong.password)).status, 403)
  const changed = await change(first)
  assert.equal(changed.status, 200)
  const ahead = witness.keep(resigned((await witness.login(second)).refreshToken, { generation: 7 }))
  assert.equal((await witness.post('/refresh_token', ahead)).status, 401)
  // Reuse, with both kinds of tokens.
  const { access_token } = changed.body.data
  await exchange(access_token)
  service.clock.now += MINUTE
  assert.equal((await exchange(access_token)).status, 401)
  const stolen = await witness.login(second)
  await witness.post('/refresh_token', stolen.refreshToken)
  service.clock.now += 73 * 60 * MINUTE
  assert.equal((await witness.post('/refresh_token', stolen.refreshToken)).status, 401)

  configure({ service }, { rotation: false })
  await witness.post('/refresh_token', (await witness.login(second)).refreshToken)
  configure({ service }, { rotation: true })
  await witness.post('/api/auth/logout', (await witness.login(second)).refreshToken)
  const ended = await witness.login(second)
  const path = `/api/auth/sessions/${sidOf(ended.accessToken)}`
  await witness.ask(path, { method: 'DELETE', bearer: ended.accessToken })
  await witness.post('/api/auth/logout_all', (await witness.login(second)).accessToken)
  const old = await witness.login(second)
  service.clock.now += 40 * DAY
  const { accessToken, refreshToken } = await witness.login(second)
  return { access: accessToken, refresh: refreshToken, expired: old.refreshToken, password: second }
}

/** All operations of administration. */
export async function administer(witness: Witness): Promise<void> {
  const ask = async (rest: string, request: Request = {}) => {
    const { status, body } = await witness.ask(`/admin/users${rest}`, { bearer: ADMIN_TOKEN, ...request })
    assert.ok(status < 300, body.message)
    return body.data
  }
  assert.equal((await witness.ask('/admin/users', { bearer: ADMIN_TOKEN.slice(1) })).status, 401)
  const { id } = await ask('', { json: { username: 'grace', password: witness.keep('pw-hopper-0d1c7f') } })
  const open = () => ask(`/${id}/sessions`, { json: { device: 'A browser' } })
  const { session_id } = await open()
  await ask('?username=grace')
  await ask(`/${id}/sessions`)
  await ask(`/${id}/sessions/${session_id}`, { method: 'DELETE' })
  await open()
  await ask(`/${id}/sessions`, { method: 'DELETE' })
  await open()
  await ask(`/${id}/password`, { method: 'PUT', json: { password: witness.keep('pw-murray-5e9b20') } })
  await ask(`/${id}/username`, { method: 'PUT', json: { username: 'hopper' } })
  await ask(`/${id}/session_history`)
  await open()
  await ask(`/${id}/deactivate`, { method: 'POST' })
  await ask(`/${id}/activate`, { method: 'POST' })
  await ask(`/${id}`, { method: 'DELETE' })
}
