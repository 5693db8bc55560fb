/** What a client sees of any fault: wait and try again. */

import assert from 'node:assert/strict'
import type { Answer } from '../support/service.ts'
import { until } from '../support/until.ts'
import type { World } from '../support/world.ts'

const UNAVAILABLE = { status: 'error', code: 503, message: 'Service unavailable.' }
// Milliseconds
const PATIENCE = 10_000

export interface Devices {
  /** The tokens of header mode */
  readonly header: { readonly refresh: string; readonly access: string }
  /** Cookie mode: the value of the cookie */
  readonly cookie: string
}

/** Two more sessions of the user. Requests during the fault must not change them. */
export async function openDevices({ service }: World): Promise<Devices> {
  const tokens = await service.login()
  const { headers } = await service.request('/api/auth/login', {
    json: { username: 'ada', password: 'correct horse battery staple', cookie: true },
  })
  const cookie = /^[^=]+=([^;]+)/.exec(headers.get('Set-Cookie') ?? '')?.[1] ?? ''
  return { header: { refresh: tokens.refreshToken, access: tokens.accessToken }, cookie }
}

const attempts = (
  { service }: World,
  { header, cookie }: Devices,
): Record<string, () => Promise<Answer>> => ({
  refresh: () => service.refresh(header.refresh),
  'refresh by cookie': () =>
    service.request('/refresh_token', { method: 'POST', cookie: `refresh_token=${cookie}` }),
  exchange: () => service.exchange(header.access),
  logout: () => service.request('/api/auth/logout', { method: 'POST', cookie: `refresh_token=${cookie}` }),
})

/** Every write gets 503 soon, with `Retry-After`. /readyz reports the fault, and the process keeps running. */
export async function seesFault(world: World, devices: Devices): Promise<void> {
  const tries = Object.entries(attempts(world, devices)).map(async ([name, attempt]) => {
    const begun = performance.now()
    const { status, body, headers } = await attempt()
    assert.ok(performance.now() - begun < PATIENCE, `${name} took ${performance.now() - begun} ms`)
    assert.deepEqual([status, body], [503, UNAVAILABLE], name)
    assert.ok(Number(headers.get('Retry-After')) >= 1, name)
    assert.equal(headers.get('Set-Cookie'), null, name)
  })
  await Promise.all(tries)
  assert.equal((await world.service.request('/readyz')).status, 503)
  assert.equal((await world.service.request('/livez')).status, 200)
}

/**
 * Checks that the service recovers without a restart: the same tokens are still valid.
 *
 * @param byCookie the allowed responses to the cookie: a logout that was tried with it may have been carried out
 */
export async function recovers(
  world: World,
  { header, cookie }: Devices,
  byCookie: readonly number[] = [200],
): Promise<void> {
  const { service } = world
  await until(async () => (await service.request('/readyz')).status === 200, 'ready again', { every: 100 })
  assert.equal((await service.refresh(header.refresh)).status, 200)
  assert.equal((await service.exchange(header.access)).status, 200)
  const { status } = await service.request('/refresh_token', {
    method: 'POST',
    cookie: `refresh_token=${cookie}`,
  })
  assert.ok(byCookie.includes(status), `${status}`)
}
