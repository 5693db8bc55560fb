/** SQLite when it is locked, read-only or full. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { sql } from 'kysely'
import { snapshot } from '../support/database.ts'
import { lockDatabase, startWorld } from '../support/world.ts'
import { openDevices, recovers, seesFault } from './probe.ts'

test('locked by another process', { timeout: 180_000 }, async (t) => {
  const world = await startWorld(t)
  const devices = await openDevices(world)
  const before = await snapshot(world.service.database)
  const unlock = await lockDatabase(world)
  await seesFault(world, devices)
  await unlock()
  assert.deepEqual(await snapshot(world.service.database), before)
  await recovers(world, devices)
})

test('read-only', { timeout: 180_000 }, async (t) => {
  const world = await startWorld(t)
  const devices = await openDevices(world)
  const before = await snapshot(world.service.database)
  await sql`pragma query_only = on`.execute(world.service.core.db)
  await seesFault(world, devices)
  assert.deepEqual(await snapshot(world.service.database), before)
  await sql`pragma query_only = off`.execute(world.service.core.db)
  await recovers(world, devices)
})

test('no page left: who needs one is told so, others go on', { timeout: 180_000 }, async (t) => {
  const world = await startWorld(t)
  const { service } = world
  const devices = await openDevices(world)
  const login = () => service.tryLogin()
  await sql`pragma max_page_count = 1`.execute(service.core.db) // no less than there are
  let last = await login()
  while (last.status === 200) last = await login()
  assert.deepEqual([last.status, last.body.message], [503, 'Service unavailable.'])
  assert.equal((await service.request('/livez')).status, 200)
  await sql`pragma max_page_count = 4294967294`.execute(service.core.db)
  await recovers(world, devices)
  assert.equal((await login()).status, 200)
})

/** @returns the directory of a small disk, undefined where none can be mounted */
function smallDisk(t: TestContext, size = '1m'): string | undefined {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory], { stdio: 'ignore' })
  } catch {
    rmSync(directory, { recursive: true })
    return undefined
  }
  t.after(() => {
    // This runs before the service closes its files.
    execFileSync('umount', ['--lazy', directory])
    rmSync(directory, { recursive: true })
  })
  return directory
}

test('a disk that is full', { timeout: 180_000 }, async (t) => {
  const disk = smallDisk(t)
  if (disk === undefined) return t.skip('no disk can be mounted here')
  const world = await startWorld(t, { database: { dialect: 'sqlite', file: join(disk, 'rekindle.db') } })
  const devices = await openDevices(world)
  const ballast = join(disk, 'ballast')
  assert.throws(() => writeFileSync(ballast, Buffer.alloc(2 ** 20)), { code: 'ENOSPC' })
  // The last page of the log may have room left.
  let token = world.refreshToken
  const refresh = async () => {
    const { status, body } = await world.service.refresh(token)
    if (status === 200) token = body.data.refresh_token
    return status
  }
  while ((await world.service.request('/readyz')).status === 200) await refresh()
  // The pages of the probe that failed are room for a few rotations.
  while ((await refresh()) === 200);
  const before = await snapshot(world.service.database)
  await seesFault(world, devices)
  assert.deepEqual(await snapshot(world.service.database), before)
  rmSync(ballast)
  await recovers(world, devices)
})

for (const size of ['1m', '3m']) {
  test(`a disk of ${size}, filled by the log of the database: the log starts again`, {
    timeout: 120_000,
  }, async (t) => {
    const disk = smallDisk(t, size)
    if (disk === undefined) return t.skip('no disk can be mounted here')
    const world = await startWorld(t, { database: { dialect: 'sqlite', file: join(disk, 'rekindle.db') } })
    const devices = await openDevices(world)
    // Each refresh writes a page at least, so these write several times what fits.
    let token = world.refreshToken
    for (let count = 0; count < 2000; count++) {
      const { status, body } = await world.service.refresh(token)
      assert.equal(status, 200, `refresh ${count}`)
      token = body.data.refresh_token
    }
    await recovers(world, devices)
  })
}
