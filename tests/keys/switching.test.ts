/** From one algorithm to another, and back, without one refusal, with processes of both settings side by side. */
import assert from 'node:assert/strict'
import type { PublicAlgorithm } from '../../src/tokens/algorithms.ts'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { DAY, MINUTE, SECRET } from '../support/service.ts'
import { forge } from '../tokens/forge.ts'
import { HOUR, keyPair, keySetOf, kidOf, kidsOf, pass, startSigning, verifyAsApi } from './service.ts'

const me = (service: Service, bearer: string) => service.request('/api/auth/me', { bearer })
const algOf = (token: string) =>
  JSON.parse(Buffer.from(String(token.split('.')[0]), 'base64url').toString()).alg

/** A client that uses all processes in turn. Every answer has to be 200. */
function roamer(services: readonly Service[]) {
  let turn = 0
  const next = () => services[turn++ % services.length] as Service
  return {
    async refresh({ refreshToken }: { refreshToken: string }) {
      const { status, body } = await next().refresh(refreshToken)
      assert.equal(status, 200, body.message)
      return { accessToken: body.data.access_token, refreshToken: body.data.refresh_token }
    },
    async use(token: string) {
      for (const service of services) assert.equal((await me(service, token)).status, 200)
    },
    async exchange(token: string): Promise<string> {
      const { status, body } = await next().exchange(token)
      assert.equal(status, 200, body.message)
      return body.access_token
    },
    async logout(token: string) {
      const { status } = await next().request('/api/auth/logout', { method: 'POST', bearer: token })
      assert.equal(status, 200)
    },
  }
}

type Setting = PublicAlgorithm | 'HS256'
const PAIRS: readonly (readonly [Setting, Setting])[] = [
  ['HS256', 'ES256'],
  ['ES256', 'HS256'],
  ['HS256', 'RS256'],
  ['RS256', 'EdDSA'],
  ['EdDSA', 'ES256'],
  ['EdDSA', 'HS256'],
]

for (const [from, to] of PAIRS) {
  test(`from ${from} to ${to}: no token is refused on the way`, async (t) => {
    const old = await startSigning(t, from)
    await old.register()
    let tokens = await old.login()
    // A second user, who only exchanges
    let exchanged = (await old.login()).accessToken
    const before = await old.login()
    const fresh = await startSigning(t, to, { beside: old })
    const both = roamer([old, fresh])

    const algorithms = new Set<string>()
    const cached = new Map<Service, Awaited<ReturnType<typeof keySetOf>>>()
    for (let step = 0; step < 12; step++) {
      await both.use(tokens.accessToken)
      tokens = await both.refresh(tokens)
      exchanged = await both.exchange(exchanged)
      algorithms.add(algOf(tokens.accessToken))
      if (to !== 'HS256' && algOf(tokens.accessToken) === to)
        await verifyAsApi(fresh, tokens.accessToken, cached.get(fresh))
      cached.set(fresh, await keySetOf(fresh))
      await pass(10 * MINUTE, [old, fresh])
    }
    assert.deepEqual([...algorithms], [from, to])
    // Of before, and expired since: it is exchanged, and then ends its session.
    const late = await both.exchange(before.accessToken)
    assert.equal(algOf(late), to)
    await both.use(late)
    await both.logout(late)
  })
}

test('after the overlap, HS256 is refused: an API that still knows the secret mints nothing', async (t) => {
  const old = await startSigning(t, 'HS256')
  await old.register()
  const { accessToken } = await old.login()
  const fresh = await startSigning(t, 'ES256', { beside: old })
  await pass(2 * DAY + 3 * HOUR, [old, fresh], 20)
  const claims = JSON.parse(Buffer.from(String(accessToken.split('.')[1]), 'base64url').toString())
  const now = Math.floor(fresh.clock.now / 1000)
  const minted = forge(
    { alg: 'HS256', typ: 'at+jwt' },
    { ...claims, jti: 'x', iat: now, exp: now + 600 },
    SECRET,
  )
  for (const service of [old, fresh]) {
    assert.equal((await me(service, minted)).status, 401)
    assert.equal((await service.exchange(minted)).status, 401)
  }
  assert.equal((await fresh.core.db.selectFrom('signing_keys').select('kid').execute()).length, 2)
})

test('back to HS256, the old keys leave the set when their last token is over', async (t) => {
  const old = await startSigning(t, 'ES256')
  await old.register()
  const fresh = await startSigning(t, 'HS256', { beside: old })
  assert.equal((await kidsOf(fresh)).length, 1)
  await pass(2 * DAY, [old, fresh], 20)
  assert.deepEqual(await keySetOf(fresh), { keys: [] })
})

test('a change of mind within the hour: what was in force stays, and nothing is refused', async (t) => {
  const first = await startSigning(t, 'HS256')
  await first.register()
  const second = await startSigning(t, 'ES256', { beside: first })
  await pass(30 * MINUTE, [first, second])
  const third = await startSigning(t, 'HS256', { beside: first })
  await pass(2 * HOUR, [first, second, third], 4)
  for (const service of [first, second, third])
    assert.equal(algOf((await service.login()).accessToken), 'HS256')
})

test('from keys of the service to a given one, and from that to the next', async (t) => {
  const made = await startSigning(t, 'ES256')
  await made.register()
  const [one, two] = [keyPair('ES256'), keyPair('EdDSA')]
  const given = await startSigning(t, 'ES256', {
    beside: made,
    secrets: { signing: { current: one.own, next: two.half } },
  })
  const both = roamer([made, given])
  let tokens = await made.login()
  const cached = await keySetOf(given)
  assert.equal(cached.keys.length, 3)
  await pass(HOUR, [made, given], 3)
  const [first] = (await kidsOf(given)).slice(-2)
  tokens = { ...tokens, ...(await given.login()) }
  assert.equal(kidOf(tokens.accessToken), first)
  await both.use(tokens.accessToken)
  await verifyAsApi(made, tokens.accessToken, cached)

  // The next one takes its place at once, because it was published before.
  const swapped = await startSigning(t, 'EdDSA', {
    beside: made,
    secrets: { signing: { current: two.own, next: undefined } },
  })
  const after = await swapped.login()
  assert.equal(algOf(after.accessToken), 'EdDSA')
  await verifyAsApi(given, after.accessToken, cached)
  await pass(0, [made, given, swapped])
  await roamer([made, given, swapped]).use(after.accessToken)
  await roamer([made, given, swapped]).use(tokens.accessToken)
})

for (const algorithm of PUBLIC_ALGORITHMS) {
  test(`a new database with ${algorithm} never accepts HS256 for an access token`, async (t) => {
    const service = await startSigning(t, algorithm)
    await service.register()
    const { accessToken } = await service.login()
    const claims = JSON.parse(Buffer.from(String(accessToken.split('.')[1]), 'base64url').toString())
    const minted = forge({ alg: 'HS256', typ: 'at+jwt' }, { ...claims, jti: 'x' }, SECRET)
    assert.equal((await me(service, minted)).status, 401)
  })
}
