/** SQLite, when others delete or replace its files while the service runs. */
import assert from 'node:assert/strict'
import { copyFileSync, renameSync, rmSync } from 'node:fs'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import SQLite from 'better-sqlite3'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'
import { openDevices, recovers, seesFault } from './probe.ts'

const FILES = ['', '-wal', '-shm']

/** Refreshes until it is refused. @returns how many milliseconds after the first one the last 200 came */
async function refreshUntilRefused({ service, refreshToken }: World): Promise<number> {
  const begun = performance.now()
  let last = begun
  for (let token = refreshToken; ; last = performance.now()) {
    const { status, body } = await service.refresh(token)
    if (status !== 200) {
      assert.deepEqual([status, body.message], [503, 'Service unavailable.'])
      return last - begun
    }
    token = body.data.refresh_token
  }
}

async function start(t: TestContext) {
  const world = await startWorld(t)
  return { world, file: world.service.file, devices: await openDevices(world) }
}

// Milliseconds: a limit for the harm, far above the 100 that it takes on a machine with nothing else to do.
const NOTICED = 1000

test('deleted: within a second nothing is acknowledged any more, and nothing read', {
  timeout: 180_000,
}, async (t) => {
  const { world, file, devices } = await start(t)
  for (const end of FILES) rmSync(file + end)
  const harm = await refreshUntilRefused(world)
  assert.ok(harm < NOTICED, `${harm} ms`)
  await seesFault(world, devices)
  const me = await world.service.request('/api/auth/me', { bearer: world.accessToken })
  assert.equal(me.status, 503)
  assert.match(world.service.logged(), /was deleted or replaced: stop the service before/)
})

test('replaced by a copy of itself, as by a restore: the same, and the copy stays as it is', {
  timeout: 180_000,
}, async (t) => {
  const { world, file, devices } = await start(t)
  const backup = `${file}.backup`
  await new SQLite(file).backup(backup)
  for (const end of FILES) rmSync(file + end)
  copyFileSync(backup, file)
  // As the commands of an operator do, who has not stopped the service.
  const restored = new SQLite(file)
  restored.pragma('journal_mode = wal')
  restored.exec("update sessions set revoked_at = 1, revoked_reason = 'operator'")
  const harm = await refreshUntilRefused(world)
  assert.ok(harm < NOTICED, `${harm} ms`)
  await seesFault(world, devices)
  await world.service.stop()
  // The service's end has not taken the log of the new file with it.
  const row = restored.prepare('select count(*) as count from sessions where revoked_at is null').get()
  assert.deepEqual(row, { count: 0 })
  assert.equal(new SQLite(file).pragma('integrity_check', { simple: true }), 'ok')
  restored.close()
})

test('only its log deleted: the same', { timeout: 180_000 }, async (t) => {
  const { world, file, devices } = await start(t)
  rmSync(`${file}-wal`)
  assert.ok((await refreshUntilRefused(world)) < NOTICED)
  await seesFault(world, devices)
})

test('moved away and back: it works again', { timeout: 180_000 }, async (t) => {
  const { world, file, devices } = await start(t)
  renameSync(file, `${file}.away`)
  await refreshUntilRefused(world)
  await seesFault(world, devices)
  renameSync(`${file}.away`, file)
  await recovers(world, devices)
})

test('other connections come and go: that is no fault', { timeout: 180_000 }, async (t) => {
  const { world, file } = await start(t)
  let token = world.refreshToken
  for (let count = 0; count < 5; count++) {
    const other = new SQLite(file)
    other.prepare('select count(*) from sessions').get()
    other.pragma('wal_checkpoint(truncate)')
    other.exec('vacuum')
    other.close()
    const { status, body } = await world.service.refresh(token)
    assert.equal(status, 200)
    token = body.data.refresh_token
    await new Promise((resolve) => setTimeout(resolve, 110))
  }
  assert.equal((await world.service.request('/readyz')).status, 200)
})
