/** A refresh token of another system is traded once, by the rules of any superseded token. */
import assert from 'node:assert/strict'
import { decodeJwt } from 'jose'
import { sql } from 'kysely'
import { pruneAll } from '../../src/sessions/prune.ts'
import { revokeForeign } from '../../src/store/queries/adoptions.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { test } from '../support/database.ts'
import { createProvingClient } from '../support/dpop.ts'
import { adopting, foreignAccess, foreignRefresh, NOW, sessionsOf } from './foreign.ts'

const HOUR = 3_600_000
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at))

test('a foreign refresh token gets a session of ours, which goes on as any other', async (t) => {
  const service = await adopting(t)
  const { status, body } = await service.refresh(foreignRefresh())
  assert.equal(status, 200)
  assert.equal(body.data.message, 'Access token refreshed successfully')
  assert.equal(decodeJwt(body.data.access_token).sub, '42')
  const next = await service.refresh(body.data.refresh_token)
  assert.equal(next.status, 200)
  const [session] = await sessionsOf(service)
  assert.equal(session?.generation, 2)
  const events = await service.core.db.selectFrom('events').select(['name', 'reason', 'user_id']).execute()
  assert.deepEqual(
    events.filter(({ name }) => name === 'session.opened'),
    [{ name: 'session.opened', reason: 'adopted', user_id: '42' }],
  )
})

test('20 at once with one token: one session, one successor', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh()
  const answers = await Promise.all(times(20, () => service.refresh(token)))
  assert.deepEqual(
    answers.map(({ status }) => status),
    times(20, () => 200),
  )
  assert.equal(new Set(answers.map(({ body }) => body.data.refresh_token)).size, 1)
  assert.equal((await sessionsOf(service)).length, 1)
})

test('two processes with one database, 20 at once: one session, one successor', async (t) => {
  const one = await adopting(t)
  const two = await adopting(t, { settings: { database: one.database } })
  for (let round = 1; round <= 5; round++) {
    const token = foreignRefresh()
    const answers = await Promise.all(times(20, (at) => (at % 2 === 0 ? one : two).refresh(token)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    assert.equal(new Set(answers.map(({ body }) => body.data.refresh_token)).size, 1)
    assert.equal((await sessionsOf(one)).length, round)
  }
})

test('a lost answer: the same token again gets the same successor, and hours later one that still works', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh()
  const first = await service.refresh(token)
  service.clock.now += 29_000
  const again = await service.refresh(token)
  assert.equal(again.body.data.refresh_token, first.body.data.refresh_token)
  service.clock.now += 5 * HOUR
  const late = await service.refresh(token)
  assert.equal(late.status, 200)
  assert.equal((await service.refresh(late.body.data.refresh_token)).status, 200)
  assert.equal((await sessionsOf(service)).length, 1)
})

test('a thief who comes second, or first, is found when both have used the token', async (t) => {
  for (const isThiefFirst of [false, true]) {
    const service = await adopting(t)
    const token = foreignRefresh()
    const first = await service.refresh(token)
    const going = await service.refresh(first.body.data.refresh_token)
    service.clock.now += HOUR
    const second = await service.refresh(token)
    assert.equal(second.status, 401, `thief first: ${isThiefFirst}`)
    assert.equal(second.body.message, 'Invalid refresh token.')
    assert.equal((await service.refresh(going.body.data.refresh_token)).status, 401)
    assert.deepEqual(
      (await sessionsOf(service)).map((row) => row.revoked_reason),
      ['reuse'],
    )
  }
})

test('two holders within the grace window: the session ends when both use their copies', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh()
  const agent = (name: string) => ({ 'User-Agent': name })
  const refresh = (bearer: string, name: string) =>
    service.request('/refresh_token', { method: 'POST', bearer, headers: agent(name) })
  const owner = await refresh(token, 'owner')
  const thief = await refresh(token, 'thief')
  assert.notEqual(owner.body.data.refresh_token, thief.body.data.refresh_token)
  assert.equal((await refresh(owner.body.data.refresh_token, 'owner')).status, 200)
  assert.equal((await refresh(thief.body.data.refresh_token, 'thief')).status, 401)
  assert.deepEqual(
    (await sessionsOf(service)).map((row) => row.revoked_reason),
    ['shared'],
  )
})

test('after a logout at ours the foreign token is dead, also once its session is pruned', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh()
  const { body } = await service.refresh(token)
  await service.request('/api/auth/logout', { method: 'POST', bearer: body.data.refresh_token })
  assert.equal((await service.refresh(token)).status, 401)
  service.clock.now += 5 * 24 * HOUR
  await pruneAll(service.core)
  assert.deepEqual(await sessionsOf(service), [])
  assert.equal((await service.refresh(token)).status, 401)
  assert.deepEqual(await sessionsOf(service), [])
})

test('a deactivation wins over an adoption in flight', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh()
  await Promise.all([
    ...times(5, () => service.refresh(token)),
    deactivateUser(service.core.db, '42', NOW, OPERATOR),
    ...times(5, () => service.refresh(token)),
  ])
  for (const row of await sessionsOf(service)) assert.equal(row.revoked_reason, 'deactivated')
  const { status, body } = await service.refresh(token)
  assert.equal(`${status} ${body.message}`, '403 User is inactive.')
  const other = await service.refresh(foreignRefresh())
  assert.equal(`${other.status} ${other.body.message}`, '403 User is inactive.')
})

test('half a trade leaves nothing: the same token can be traded afterwards', async (t) => {
  const service = await adopting(t)
  const { db } = service.core
  const token = foreignRefresh()
  // The event is written after the row of the token and before that of the session.
  await db.schema.alterTable('events').renameTo('events_away').execute()
  assert.equal((await service.refresh(token)).status, 500)
  assert.deepEqual(await db.selectFrom('adopted_tokens').selectAll().execute(), [])
  assert.deepEqual(await sessionsOf(service), [])
  await sql`alter table events_away rename to events`.execute(db)
  assert.equal((await service.refresh(token)).status, 200)
})

test('unknown and deleted users get 404', async (t) => {
  const service = await adopting(t)
  const unknown = await service.refresh(foreignRefresh({ sub: '43' }))
  assert.equal(`${unknown.status} ${unknown.body.message}`, '404 User not found.')
  const token = foreignRefresh()
  assert.equal((await service.refresh(token)).status, 200)
  await deleteUser(service.core.db, '42', NOW, OPERATOR)
  const deleted = await service.refresh(token)
  assert.equal(`${deleted.status} ${deleted.body.message}`, '404 User not found.')
})

test('what the old blacklist names is refused, before, at the same time and after the trade', async (t) => {
  const service = await adopting(t)
  const { db } = service.core
  const revoke = (jti: string) => revokeForeign(db, [{ jti, expiresAt: null }], NOW)
  await revoke('before')
  assert.equal((await service.refresh(foreignRefresh({ jti: 'before' }))).status, 401)
  assert.deepEqual(await sessionsOf(service), [])

  const token = foreignRefresh({ jti: 'after' })
  const { body } = await service.refresh(token)
  assert.deepEqual(await revoke('after'), { added: 1, endedSessions: 1 })
  assert.deepEqual(await revoke('after'), { added: 0, endedSessions: 0 })
  assert.equal((await service.refresh(token)).status, 401)
  assert.equal((await service.refresh(body.data.refresh_token)).status, 401)

  for (let round = 0; round < 10; round++) {
    const jti = `race ${round}`
    const raced = foreignRefresh({ jti })
    await Promise.all([service.refresh(raced), revoke(jti), service.refresh(raced)])
  }
  assert.deepEqual(
    (await sessionsOf(service)).filter((row) => row.revoked_reason === null),
    [],
  )
})

test('without rotation the foreign token works until it expires, and brings ours', async (t) => {
  const service = await adopting(t, { settings: { rotation: false } })
  const token = foreignRefresh()
  const first = await service.refresh(token)
  service.clock.now += 10 * 24 * HOUR
  const second = await service.refresh(token)
  assert.equal(second.status, 200)
  assert.equal(second.body.data.refresh_token, first.body.data.refresh_token)
  assert.equal((await service.refresh(first.body.data.refresh_token)).status, 200)
  service.clock.now += 21 * 24 * HOUR
  const over = await service.refresh(token)
  assert.equal(`${over.status} ${over.body.message}`, '401 Refresh token has expired.')
  assert.equal((await sessionsOf(service)).length, 1)
})

test('rows are pruned when the foreign token is over, and not before', async (t) => {
  const service = await adopting(t)
  const { db } = service.core
  await service.refresh(foreignRefresh())
  await revokeForeign(
    db,
    [
      { jti: 'known end', expiresAt: NOW + HOUR },
      { jti: 'unknown end', expiresAt: null },
    ],
    NOW,
  )
  const count = async () => [
    (await db.selectFrom('adopted_tokens').selectAll().execute()).length,
    (await db.selectFrom('foreign_revocations').selectAll().execute()).length,
  ]
  service.clock.now += 29 * 24 * HOUR
  await pruneAll(service.core)
  assert.deepEqual(await count(), [1, 1])
  service.clock.now += 2 * 24 * HOUR
  await pruneAll(service.core)
  assert.deepEqual(await count(), [0, 1])
})

test('a token without jti is known by what was signed, however its signature is spelled', async (t) => {
  const service = await adopting(t)
  const token = foreignRefresh({ jti: undefined })
  // The last two bits of the signature's last character are not used.
  const last = ALPHABET.indexOf(token.at(-1) ?? '')
  const respelled = token.slice(0, -1) + ALPHABET.charAt(last ^ 1)
  assert.equal((await service.refresh(token)).status, 200)
  await service.refresh(respelled)
  await service.refresh(`${token}=`)
  assert.equal((await sessionsOf(service)).length, 1)
})

test('a proof of a key at the first trade binds the session', async (t) => {
  const service = await adopting(t)
  const client = await createProvingClient(service)
  const token = foreignRefresh()
  const first = await client.refresh(token)
  assert.equal(first.status, 200)
  assert.notEqual((await sessionsOf(service))[0]?.jkt, null)
  const without = await service.refresh(first.body.data.refresh_token)
  assert.equal(`${without.status} ${without.body.message}`, '401 DPoP proof missing.')
  const again = await client.refresh(token)
  assert.equal(again.body.data.refresh_token, first.body.data.refresh_token)
  assert.equal((await client.refresh(first.body.data.refresh_token)).status, 200)
})

test('an access token is refused at /refresh_token', async (t) => {
  const service = await adopting(t)
  const { status, body } = await service.refresh(foreignAccess({ exp: NOW / 1000 + 60 }))
  assert.equal(`${status} ${body.message}`, '401 Invalid refresh token.')
  assert.deepEqual(await sessionsOf(service), [])
})
