/**
 * Forged tokens at every endpoint: each gets the same documented response, nothing in the database changes, and the
 * original token is still valid afterwards. For each kind of token and each way to present it, one endpoint gets a
 * third of all forgeries, and all of them in `npm run test:long`. The other endpoints, which use the same code to read tokens,
 * get one of each attack. tests/tokens/forgeries.test.ts
 * checks that verification refuses all forgeries.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { findPassword } from '../../src/store/queries/password-changes.ts'
import { snapshot } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import type { Service } from '../support/service.ts'
import { startService } from '../support/service.ts'
import { logIn } from '../support/session-context.ts'
import { claimsOf } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'
import type { Attack, Forgery } from '../tokens/forgeries/index.ts'
import { attacks, NAMES } from '../tokens/forgeries/index.ts'
import { KEY_PAIRS } from '../tokens/key-pairs.ts'
import type { Endpoint, Kind } from './endpoints.ts'
import { accepted, endpoints } from './endpoints.ts'

// Milliseconds of CPU time: far more than a response needs, and far less than an attack on time would take.
const BOUND = 1000

/** `public`: a service that signs access tokens by ES256. It meets the attacks for anywhere. */
type Place = Attack['where'] | 'public'

const SHARE = effort(3, 1)

const SETTINGS = { anywhere: {}, named: NAMES, public: { accessTokenAlgorithm: 'ES256' } } as const

const services = new Map<Place, { service: Service; userId: string }>()
const endings: (() => unknown)[] = []

// The address of a key. The service must never request it.
let visits = 0
const listener = createServer((socket) => {
  visits++
  socket.destroy()
})
let keyUrl = ''

before(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  keyUrl = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/jwks.json`
  // Shared by all tests of the file
  const t = { after: (end: () => unknown) => void endings.push(end) } as Parameters<typeof startService>[0]
  for (const where of ['anywhere', 'named', 'public'] as const) {
    const service = await startService(t, SETTINGS[where])
    services.set(where, { service, userId: (await service.register()).id })
  }
})
after(async () => {
  listener.close()
  for (const end of endings) await end()
})

const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

async function refused(endpoint: Endpoint, service: Service, { what, token }: Forgery): Promise<void> {
  const begun = cpu()
  const answer = await endpoint.present(service, token)
  const taken = cpu() - begun
  const { message } = endpoint
  assert.equal(answer.status, 401, `${what}: ${answer.text}`)
  assert.deepEqual(answer.body, { status: 'error', code: 401, message }, what)
  assert.ok(taken < BOUND, `${what} took ${taken} ms`)
}

// Characters that a header or a cookie cannot contain, or that have a meaning there. RFC 6265 §4.1.1, RFC 9110 §5.5.
function canBeSent({ place }: Endpoint, token: string): boolean {
  if (place === 'body') return token !== ''
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(token)) return false
  return place === 'header' || !/[\s",;\\%]/.test(token)
}

/** @param most the maximum number for each attack */
async function attackWith(place: Place, endpoint: Endpoint, kind: Kind, most: number) {
  const { service, userId } = services.get(place) ?? assert.fail()
  const where = place === 'named' ? 'named' : 'anywhere'
  const published = service.core.signingKeys.published(service.clock.now)
  const publicKeys = published.length > 0 ? published : KEY_PAIRS
  const hash = (await findPassword(service.core.db, userId))?.passwordHash
  const live = await logIn(service.core, userId, hash)
  const [token, other] =
    kind === 'access' ? [live.accessToken, live.refreshToken] : [live.refreshToken, live.accessToken]
  const unchanged = await snapshot(service.database)
  const events = () => service.core.db.selectFrom('events').select('id').execute()
  const known = await events()
  for (const { title, forge } of attacks.filter((attack) => attack.where === where)) {
    const forgeries = forge({ token, kind, other, publicKeys, keyUrl }).filter(({ token }) =>
      canBeSent(endpoint, token),
    )
    assert.ok(forgeries.length > 0, title)
    for (const { what, token } of forgeries.filter((_, at) => at % SHARE === 0).slice(0, most)) {
      await refused(endpoint, service, { what: `${title}: ${what}`, token })
    }
    assert.deepEqual(await snapshot(service.database), unchanged, title)
    assert.deepEqual(await events(), known, title)
  }
  const answer = await endpoint.present(service, token)
  assert.equal(answer.status, accepted(endpoint), `the untouched token: ${answer.text}`)
}

const seen = new Set<string>()

for (const endpoint of endpoints) {
  for (const kind of endpoint.kinds) {
    const way = `${kind} token by ${endpoint.place}`
    const most = seen.has(way) ? 1 : Number.POSITIVE_INFINITY
    seen.add(way)
    test(`${endpoint.operation}, ${way}${most === 1 ? '' : ': many forgeries'}`, async () => {
      await attackWith('anywhere', endpoint, kind, most)
      await attackWith('named', endpoint, kind, most)
      if (kind === 'access') await attackWith('public', endpoint, kind, most)
    })
  }
}

test('nobody came for a key', () => assert.equal(visits, 0))

interface Contract {
  readonly paths: Readonly<
    Record<
      string,
      Readonly<Record<string, { readonly security?: readonly Readonly<Record<string, unknown>>[] }>>
    >
  >
}

test('every operation that takes a token of a user is attacked', () => {
  const { paths } = JSON.parse(readFileSync('generated/openapi.json', 'utf8')) as Contract
  const taking = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { security = [] }]) =>
        security.some((schemes) => Object.keys(schemes).some((scheme) => /^(refresh|access)/.test(scheme))),
      )
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  )
  // Its token is in the body, which `security` does not mention.
  const expected = [...taking, 'POST /api/auth/refresh']
  assert.deepEqual([...new Set(endpoints.map(({ operation }) => operation))].toSorted(), expected.toSorted())
})

test('issuer and audience, when they are set, are written', async (t) => {
  const { accessToken, refreshToken } = await startWorld(t, NAMES)
  for (const token of [accessToken, refreshToken]) {
    const { iss, aud } = claimsOf(token)
    assert.deepEqual([iss, aud], [NAMES.issuer, NAMES.audience])
  }
})

test('CWE-400: more than a request may hold: 431 or 413, at once, and the token is as good as before', async (t) => {
  const { service, refreshToken, accessToken } = await startWorld(t)
  const much = 'x'.repeat(10_000_000)
  const begun = cpu()
  for (const headers of [
    { Authorization: `Bearer ${much.slice(0, 60_000)}` },
    { Cookie: `refresh_token=${much.slice(0, 60_000)}` },
  ]) {
    assert.equal((await service.request('/refresh_token', { method: 'POST', headers })).status, 431)
  }
  assert.equal((await service.exchange(much.slice(0, 20_000))).status, 413)
  assert.equal((await service.exchange(`${accessToken}${much}`)).status, 413)
  const taken = cpu() - begun
  assert.ok(taken < 3000, `${taken} ms`)
  assert.equal((await service.refresh(refreshToken)).status, 200)
})
