/** A process that ends at any of its statements leaves keys with which the next one goes on. */
import assert from 'node:assert/strict'
import type { KyselyPlugin } from 'kysely'
import pino from 'pino'
import { revokeSigningKey, rotateKey } from '../../src/keys/operate.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import type { Database } from '../../src/store/schema.ts'
import { test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { DAY, SECRET, STRONG_SECRET } from '../support/service.ts'
import { kidOf, kidsOf, startSigning, verifyAsApi } from './service.ts'

class Crash extends Error {}

/** The database until the statement with this number, of those that write or read */
function dyingAt(db: Database, statement: number): Database {
  let count = 0
  const plugin: KyselyPlugin = {
    transformQuery({ node }) {
      if (++count >= statement) throw new Crash()
      return node
    },
    transformResult: async ({ result }) => result,
  }
  return db.withPlugin(plugin)
}

type Settings = Parameters<typeof openSigningKeys>[0]['settings']

const open = (service: Service, db: Database, settings: Partial<Settings>, current: Uint8Array = SECRET) =>
  openSigningKeys({
    ...{ db, settings: { ...service.core.settings, ...settings } },
    secrets: { current, previous: current === SECRET ? [] : [SECRET] },
    now: () => service.clock.now,
    log: pino({ enabled: false }),
  })

/** Does it with a crash at the first statement, at the second, and so on, until it does not reach the crash any more. */
async function atEachStatement(
  service: Service,
  act: (db: Database) => Promise<unknown>,
  check: () => Promise<void>,
): Promise<void> {
  for (let statement = 1; ; statement++) {
    const crashed = await act(dyingAt(service.core.db, statement)).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Crash) return true
        throw error
      },
    )
    if (!crashed) {
      assert.ok(statement > 2)
      return
    }
    await check()
  }
}

/** As the next process finds it: one key signs, one is next, and every token is good. */
async function goesOn(service: Service, secrets?: { current: Uint8Array; previous: readonly Uint8Array[] }) {
  const t = { after: () => {}, dialect: service.database.dialect }
  const next = await startSigning(t, 'ES256', { beside: service, ...(secrets && { secrets }) })
  try {
    const { accessToken } = await next.login()
    await next.core.signingKeys.update()
    assert.equal((await next.request('/api/auth/me', { bearer: accessToken })).status, 200)
    if (kidOf(accessToken) !== undefined) await verifyAsApi(next, accessToken)
    const rows = await next.core.db.selectFrom('signing_keys').selectAll().execute()
    const waiting = rows.filter(
      ({ signs_from, revoked_at }) =>
        revoked_at === null && (signs_from === null || signs_from > service.clock.now),
    )
    assert.equal(waiting.length, 1)
  } finally {
    await next.stop()
  }
}

test('while the first key is made', async (t) => {
  const service = await startSigning(t, 'HS256')
  await service.register()
  const { db } = service.core
  await atEachStatement(
    service,
    (dying) => open(service, dying, { accessTokenAlgorithm: 'ES256' }),
    async () => {
      await goesOn(service)
      await db.deleteFrom('signing_keys').execute()
    },
  )
})

test('while a key takes the place of another', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const keys = await open(service, service.core.db, { accessTokenAlgorithm: 'ES256' })
  await atEachStatement(
    service,
    async (dying) => {
      service.clock.now += 91 * DAY
      const dyingKeys = await open(service, dying, { accessTokenAlgorithm: 'ES256' })
      await dyingKeys.update()
    },
    async () => {
      await keys.update()
      await goesOn(service)
    },
  )
})

test('while a key is rotated or revoked', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const now = () => service.clock.now
  await atEachStatement(
    service,
    (db) => rotateKey({ db, now: now() }),
    () => goesOn(service),
  )
  const [kid = ''] = await kidsOf(service)
  await atEachStatement(
    service,
    (db) => revokeSigningKey({ db, now: now() }, kid),
    // Not half: as long as it is not revoked, it signs.
    async () => {
      await service.core.signingKeys.update()
      assert.equal(kidOf((await service.login()).accessToken), kid)
      await goesOn(service)
    },
  )
  await goesOn(service)
})

test('while keys are encrypted anew', async (t) => {
  const service = await startSigning(t, 'ES256')
  await service.register()
  const { accessToken } = await service.login()
  const current = Buffer.from(STRONG_SECRET)
  await atEachStatement(
    service,
    (db) => open(service, db, { accessTokenAlgorithm: 'ES256' }, current),
    async () => assert.ok((await kidsOf(service)).includes(kidOf(accessToken))),
  )
  await goesOn(service, { current, previous: [] })
})
