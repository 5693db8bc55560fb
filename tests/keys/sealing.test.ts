/** Keys in the database: encrypted with the service's own secret, which may change. */
import assert from 'node:assert/strict'
import { connect, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { SECRET, STRONG_SECRET } from '../support/service.ts'
import { signParts } from '../tokens/forge.ts'
import { kidOf, kidsOf, pass, startSigning, verifyAsApi } from './service.ts'

const NEW = Buffer.from(STRONG_SECRET)
const OTHER = Buffer.from('yet another secret of this service, 32 bytes')
const me = (service: Service, bearer: string) => service.request('/api/auth/me', { bearer })
const jwes = async (service: Service) =>
  (await service.core.db.selectFrom('signing_keys').select('jwk').orderBy('kid').execute()).map(({ jwk }) =>
    String(jwk),
  )

test('the database holds no key in the clear, and says how it is encrypted', async (t) => {
  const service = await startSigning(t, 'ES256')
  for (const jwe of await jwes(service)) {
    const [header = '', wrapped, ...rest] = jwe.split('.')
    assert.deepEqual(JSON.parse(Buffer.from(header, 'base64url').toString()), { alg: 'dir', enc: 'A256GCM' })
    assert.equal(wrapped, '')
    assert.equal(rest.length, 3)
  }
  assert.ok(!(await jwes(service)).join().includes('"d"'))
})

test('a changed secret, with the old one as the previous: the keys stay, and are encrypted anew', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const { accessToken } = await service.login()
  const before = await jwes(service)
  const changed = await startSigning(t, 'ES256', {
    beside: service,
    secrets: { current: NEW, previous: [SECRET] },
  })
  assert.equal((await me(changed, accessToken)).status, 200)
  assert.equal(kidOf((await changed.login()).accessToken), kidOf(accessToken))
  const after = await jwes(changed)
  assert.ok(after.every((jwe) => !before.includes(jwe)))
  // Now the old secret may go.
  const alone = await startSigning(t, 'ES256', { beside: service, secrets: { current: NEW } })
  assert.deepEqual(await kidsOf(alone), await kidsOf(changed))
})

test('processes that encrypt anew at once agree', async (t) => {
  const service = await startSigning(t, 'EdDSA')
  const secrets = { current: NEW, previous: [SECRET] }
  const started = await Promise.all(
    Array.from({ length: 4 }, () => startSigning(t, 'EdDSA', { beside: service, secrets })),
  )
  const sets = await Promise.all(started.map(kidsOf))
  assert.equal(new Set(sets.map(String)).size, 1)
  assert.equal((await jwes(service)).length, 2)
})

test('with REFRESH_TOKEN_SECRET_KEY, the keys are encrypted with that one, which no API knows', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const { refreshToken, accessToken } = await service.login()
  const parted = await startSigning(t, 'ES256', {
    beside: service,
    secrets: { refresh: { current: OTHER, previous: [SECRET] } },
  })
  assert.equal((await me(parted, accessToken)).status, 200)
  const refreshed = await parted.refresh(refreshToken)
  assert.equal(refreshed.status, 200)
  const alone = await startSigning(t, 'ES256', {
    beside: service,
    secrets: { current: NEW, refresh: { current: OTHER, previous: [] } },
  })
  assert.deepEqual(await kidsOf(alone), await kidsOf(parted))
  assert.equal((await alone.refresh(refreshed.body.data.refresh_token)).status, 200)
})

test('under HS256, REFRESH_TOKEN_SECRET_KEY parts the tokens: who has the one secret mints none of the other', async (t) => {
  const refresh = { current: OTHER, previous: [] }
  const service = await startSigning(t, 'HS256', { secrets: { refresh } })
  await service.register()
  const { accessToken, refreshToken } = await service.login()
  assert.equal((await me(service, accessToken)).status, 200)
  const resign = (token: string, secret: Uint8Array) => {
    const [header, payload] = token.split('.')
    return signParts(String(header), String(payload), secret)
  }
  assert.equal((await service.refresh(resign(refreshToken, SECRET))).status, 401)
  assert.equal((await me(service, resign(accessToken, OTHER))).status, 401)
  assert.equal(resign(accessToken, SECRET), accessToken)
  assert.equal((await service.refresh(refreshToken)).status, 200)
})

test('a changed secret without the old one: another key signs, also if both kinds of processes run', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const changed = await startSigning(t, 'ES256', { beside: service, secrets: { current: NEW } })
  const { accessToken } = await changed.login()
  await verifyAsApi(changed, accessToken)
  assert.match(changed.logged(), /cannot be decrypted/)
  // Nobody makes keys without end.
  await pass(10_000, [service, changed], 5)
  assert.ok((await jwes(service)).length <= 4)
  assert.equal((await me(changed, (await changed.login()).accessToken)).status, 200)
  assert.equal((await me(service, (await service.login()).accessToken)).status, 200)
})

test('a row that somebody without the secret has written is no key', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const { accessToken } = await service.login()
  const kid = String(kidOf(accessToken))
  const connection = await connect(service.database)
  const [own] = await connection.query(`select * from signing_keys where kid = '${kid}'`)
  // Under another name, as another algorithm, and as plain text
  const rows = [
    ['planted', 'ES256', own.jwk],
    ['planted-2', 'RS256', own.jwk],
    ['planted-3', 'ES256', JSON.stringify({ kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', alg: 'ES256' })],
  ]
  for (const [name, algorithm, jwk] of rows)
    await connection.query(
      `insert into signing_keys (kid, algorithm, source, jwk, created_at, signs_from) values ('${name}', '${algorithm}', 'made', '${jwk}', 0, ${service.clock.now})`,
    )
  await connection.close()
  await service.core.signingKeys.update()
  assert.equal((await kidsOf(service)).length, 2)
  assert.equal(service.core.signingKeys.verifierOf('planted', service.clock.now), undefined)
  assert.equal(kidOf((await service.login()).accessToken), kid)
  assert.equal((await me(service, accessToken)).status, 200)
})
