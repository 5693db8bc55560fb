/** 503 and 500 are temporary: nothing was changed, the service says when to try again, and keeps running. */

import assert from 'node:assert/strict'
import { closeSync, openSync, statSync, writeSync } from 'node:fs'
import { test as testSqlite } from 'node:test'
import SQLite from 'better-sqlite3'
import { sql } from 'kysely'
import { snapshot, test } from '../support/database.ts'
import { PASSWORD } from '../support/service.ts'
import { sidOf } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { crowd, hideTables, lockDatabase, startWorld } from '../support/world.ts'

const UNAVAILABLE = { status: 'error', code: 503, message: 'Service unavailable.' }

test('a locked database: 503 with Retry-After, reading goes on, and the retry succeeds', async (t) => {
  const world = await startWorld(t)
  const { service, accessToken, refreshToken } = world
  // From here on it makes sure only after a failure.
  assert.equal((await service.request('/readyz')).status, 200)
  const before = await snapshot(service.database)
  const unlock = await lockDatabase(world)
  const refused = await service.refresh(refreshToken)
  assert.deepEqual(refused.body, UNAVAILABLE)
  assert.ok(Number(refused.headers.get('Retry-After')) >= 1)
  assert.equal((await service.request('/api/auth/me', { bearer: accessToken })).status, 200)
  assert.equal((await service.request('/readyz')).status, 503)
  await unlock()
  assert.equal((await service.request('/readyz')).status, 200)
  assert.deepEqual(await snapshot(service.database), before)
  assert.equal((await service.refresh(refreshToken)).status, 200)
})

testSqlite(
  'a request that is refused while /readyz makes sure: the next /readyz makes sure again',
  async (t) => {
    const { service } = await startWorld(Object.assign(t, { dialect: 'sqlite' as const }))
    const { db, failedWrites } = service.core
    let asked = 0
    let count = 1
    Object.defineProperty(failedWrites, 'count', {
      get: () => {
        asked++
        return count
      },
      set: (value) => {
        count = value
      },
    })
    const free = Promise.withResolvers<void>()
    const inTransaction = Promise.withResolvers<void>()
    const transaction = db.transaction().execute(async () => {
      inTransaction.resolve()
      await free.promise
    })
    await inTransaction.promise
    const ready = service.request('/readyz')
    await until(() => asked > 0, 'the request')
    // By now it waits for the transaction.
    await new Promise((resolve) => setTimeout(resolve, 50))
    failedWrites.count++
    free.resolve()
    await transaction
    assert.equal((await ready).status, 200)
    assert.equal(failedWrites.count, 2)
    assert.equal((await service.request('/readyz')).status, 200)
    assert.equal(failedWrites.count, 0)
  },
)

test('a password change that is refused for a lock leaves the old password and all sessions', async (t) => {
  const world = await startWorld(t)
  const { service, accessToken } = world
  const other = await service.login()
  const unlock = await lockDatabase(world)
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  assert.equal((await service.request('/api/auth/password', { bearer: accessToken, json })).status, 503)
  await unlock()
  assert.equal((await service.refresh(other.refreshToken)).status, 200)
  await service.login()
})

testSqlite('a corrupt file: reading and writing are 503, and /readyz says so', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  // All pages are moved from the log into the file, and everything after the header of the first one is overwritten.
  const database = new SQLite(service.file)
  database.pragma('wal_checkpoint(TRUNCATE)')
  database.close()
  const file = openSync(service.file, 'r+')
  writeSync(file, Buffer.alloc(statSync(service.file).size - 100, 0xa5), 0, undefined, 100)
  closeSync(file)
  // Pages in memory would still be served.
  await sql`pragma shrink_memory`.execute(service.core.db)
  const answers = [
    await service.request('/api/auth/me', { bearer: accessToken }),
    await service.request('/api/auth/sessions', { bearer: accessToken }),
    await service.refresh(refreshToken),
    await service.exchange(accessToken),
    await service.request('/readyz'),
  ]
  for (const { status, body } of answers) assert.deepEqual([status, body], [503, UNAVAILABLE])
  assert.equal((await service.request('/livez')).status, 200)
})

test('a defect in between: 500 says nothing of it, and all is well once it is gone', async (t) => {
  const world = await startWorld(t)
  const { service, accessToken, refreshToken } = world
  const putBack = await hideTables(world)
  const answer = await service.refresh(refreshToken)
  assert.deepEqual(answer.body, { status: 'error', code: 500, message: 'An unexpected error occurred' })
  assert.doesNotMatch(
    `${answer.text}${JSON.stringify([...answer.headers])}`,
    /sqlite|no such table|select|\bat\b/i,
  )
  await putBack()
  assert.equal((await service.refresh(refreshToken)).status, 200)
  const path = `/api/auth/sessions/${sidOf(accessToken)}`
  assert.equal((await service.request(path, { method: 'DELETE', bearer: accessToken })).status, 200)
})

test('too many logins at once: they are told to come again, and no session is lost or left over', async (t) => {
  const world = await startWorld(t)
  const { service } = world
  const login = () => service.tryLogin()
  const calm = crowd(world)
  const answers = await Promise.all(Array.from({ length: 20 }, login))
  calm()
  for (const { status, body, headers } of answers) {
    assert.equal(status, 503)
    assert.equal(body.message, 'Too many logins at once.')
    assert.ok(Number(headers.get('Retry-After')) >= 1)
  }
  const rows = await service.core.db.selectFrom('sessions').select('id').execute()
  assert.equal(rows.length, 1)
  await until(async () => (await login()).status !== 503, 'room again', { every: 50 })
})

test('draining: running requests are served, connections close, /readyz sends traffic elsewhere', async (t) => {
  const { service, accessToken } = await startWorld(t)
  service.core.shutdown.draining = true
  const me = await service.request('/api/auth/me', { bearer: accessToken })
  assert.deepEqual([me.status, me.headers.get('Connection')], [200, 'close'])
  const ready = await service.request('/readyz')
  assert.deepEqual(ready.body, { status: 'error', code: 503, message: 'Shutting down.' })
  assert.equal((await service.request('/livez')).status, 200)
})
