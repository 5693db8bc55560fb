/**
 * Cross-site request forgery: requests with the refresh cookie must come from this origin, from `CORS_ORIGINS`, or not from
 * a browser. The expectations in these tables are written by hand.
 */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { snapshot } from '../support/database.ts'
import { PASSWORD } from '../support/service.ts'
import type { World } from '../support/world.ts'
import { forge, startWorld } from '../support/world.ts'

const APP = 'https://app.example'
const FOREIGN = 'https://evil.example'
const OTHERS = ['null', 'http://127.0.0.1:1', 'HTTPS://APP.EXAMPLE', `${APP}.evil.example`, `${APP}/`, '']

// By `Sec-Fetch-Site`: whether a request passes without Origin, with our own, with a listed one, and with any other.
const SPEC: Readonly<Record<string, string>> = {
  none: 'yes yes yes yes',
  'same-origin': 'yes yes yes yes',
  'same-site': 'no no yes no',
  'cross-site': 'no no yes no',
  unheard: 'no no yes no',
  missing: 'yes yes yes no',
}

interface Cell {
  readonly site: string
  readonly origin: string | undefined
  readonly passes: boolean
}

const cells = (own: string): Cell[] =>
  Object.entries(SPEC).flatMap(([site, row]) => {
    const [none, same, listed, other] = row.split(' ').map((word) => word === 'yes')
    return [
      { site, origin: undefined, passes: none === true },
      { site, origin: own, passes: same === true },
      { site, origin: APP, passes: listed === true },
      ...[FOREIGN, ...OTHERS].map((origin) => ({ site, origin, passes: other === true })),
    ]
  })

const CARRIED = ['nothing', 'cookie', 'bearer', 'both'] as const
type Carried = (typeof CARRIED)[number]

interface Operation {
  readonly method: string
  readonly path: string
  /** A body with which the request would change something */
  readonly json?: object
  /** The responses to forged tokens of a request that has passed */
  readonly otherwise: Readonly<Record<Carried, string>>
}

const operation = (path: string, messages: string, method = 'POST'): Operation => {
  const [nothing = '', cookie = '', bearer = '', both = ''] = messages.split(', ')
  return { method, path, otherwise: { nothing, cookie, bearer, both } }
}

// Sent with `{}` if it is expected to pass.
const withBody = (path: string, json: object): Operation => {
  const [nothing, cookie, bearer, both] = Array(4).fill('Invalid request.')
  return { method: 'POST', path, json, otherwise: { nothing, cookie, bearer, both } }
}

const [M, I] = ['Access token missing.', 'Invalid access token.']
const R = 'Invalid refresh token.'
const OPERATIONS = [
  operation('/refresh_token', `Refresh token missing., ${R}, ${R}, ${R}`),
  operation('/api/auth/logout', 'Token missing., Invalid token., Invalid token., Invalid token.'),
  operation('/api/auth/logout_all', `${M}, ${M}, ${I}, ${I}`),
  operation(`/api/auth/sessions/${randomUUID()}`, `${M}, ${M}, ${I}, ${I}`, 'DELETE'),
  withBody('/api/auth/login', { username: 'ada', password: PASSWORD }),
  withBody('/api/auth/register', { username: 'eve', password: PASSWORD }),
  withBody('/api/auth/password', { current_password: PASSWORD, new_password: 'another one entirely' }),
  withBody('/api/auth/refresh', { token: 'any' }),
]

const JSON_TYPE = 'application/json'
const TYPES = [
  JSON_TYPE,
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/plain',
]

async function check(
  { service, accessToken, refreshToken }: World,
  { method, path, json, otherwise }: Operation,
  type: string,
  carried: Carried,
  { site, origin, passes }: Cell,
): Promise<void> {
  const [hasCookie, hasBearer] = [/cookie|both/.test(carried), /bearer|both/.test(carried)]
  const refused = hasCookie && !passes
  const sent = (token: string) => (refused ? token : forge(token))
  const answer = await service.request(path, {
    method,
    headers: {
      'Content-Type': type,
      ...(site !== 'missing' && { 'Sec-Fetch-Site': site }),
      ...(origin !== undefined && { Origin: origin }),
    },
    ...(hasCookie && { cookie: `refresh_token=${sent(refreshToken)}` }),
    ...(hasBearer && { bearer: sent(accessToken) }),
    body: JSON.stringify(refused ? json : {}) ?? '',
  })
  const wrongType = json !== undefined && type !== JSON_TYPE
  const message = wrongType ? 'Unsupported media type.' : otherwise[carried]
  const row = `${method} ${path}, ${type}, ${carried}, ${site}, ${origin}`
  assert.equal(answer.body.message, refused ? 'Cross-site request refused.' : message, row)
  assert.equal(answer.status === 403, refused, row)
  if (refused) assert.equal(answer.headers.get('Set-Cookie'), null, row)
}

test('method, origin, content type, cookie: what is refused changes nothing', async (t) => {
  const world = await startWorld(t, { corsOrigins: [APP] })
  const { url, database } = world.service
  const before = await snapshot(database)
  const all = cells(url)
  // Every origin with the cookie, and every kind of request from two origins that pass and two that do not.
  const some = all.filter(({ site, origin }) =>
    ['cross-site', 'missing'].includes(site) ? [APP, FOREIGN].includes(origin ?? '') : false,
  )
  let count = 0
  for (const operation of OPERATIONS) {
    const rows = TYPES.flatMap((type) =>
      CARRIED.flatMap((carried) => {
        const wanted = type === JSON_TYPE && carried === 'cookie' ? all : some
        return wanted.map((cell) => [type, carried, cell] as const)
      }),
    )
    await Promise.all(rows.map((row) => check(world, operation, ...row)))
    count += rows.length
  }
  t.diagnostic(`${count} requests`)
  assert.deepEqual(await snapshot(database), before)
  assert.equal((await world.service.refresh(world.refreshToken)).status, 200)
})
