/** PostgreSQL when it is gone, silent, read-only, full, or out of connections. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { connect, freshDatabase, snapshot } from '../support/database.ts'
import { lockDatabase, startWorld } from '../support/world.ts'
import { openDevices, recovers, seesFault } from './probe.ts'
import { openWire } from './wire.ts'

async function start(t: TestContext) {
  const database = await freshDatabase(t, 'postgres')
  if (database.dialect !== 'postgres') throw new TypeError('not PostgreSQL')
  const wire = await openWire(t, database.url)
  const world = await startWorld(t, { database: { dialect: 'postgres', url: wire.url } })
  const devices = await openDevices(world)
  const before = await snapshot(database)
  const unchanged = async () => assert.deepEqual(await snapshot(database), before, 'nothing is half done')
  return { database, wire, world, devices, unchanged }
}

test('gone, and back again', { timeout: 180_000 }, async (t) => {
  const { wire, world, devices, unchanged } = await start(t)
  for (let round = 0; round < 2; round++) {
    wire.cut()
    await seesFault(world, devices)
    await unchanged()
    wire.mend()
    // No response was lost, because all connections were idle.
  }
  await recovers(world, devices)
})

test('silent: the connections stand, and nothing comes', { timeout: 180_000 }, async (t) => {
  const { wire, world, devices } = await start(t)
  wire.stall()
  await seesFault(world, devices)
  wire.mend()
  // Requests in flight arrive after all: a rotation whose response was lost, which the same token repeats, and a logout,
  // if a connection was left for it.
  await recovers(world, devices, [200, 401])
})

test('read-only, as a standby is', { timeout: 180_000 }, async (t) => {
  const { database, world, devices, unchanged } = await start(t)
  const connection = await connect(database)
  t.after(() => connection.close())
  const name = new URL(database.url).pathname.slice(1)
  const others = `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}' and pid <> pg_backend_pid()`
  await connection.query(`alter database ${name} set default_transaction_read_only = on`)
  await connection.query(others)
  await seesFault(world, devices)
  await unchanged()
  await connection.query(`alter database ${name} set default_transaction_read_only = off`)
  await recovers(world, devices)
})

// A disk cannot be filled here, so a trigger raises the server's error.
test('out of disk', { timeout: 180_000 }, async (t) => {
  const { database, world, devices, unchanged } = await start(t)
  const connection = await connect(database)
  t.after(() => connection.close())
  await connection.query(`create function full_disk() returns trigger language plpgsql as $$
    begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$`)
  const tables = ['sessions', 'revoked_tokens', 'kysely_migration_lock']
  for (const table of tables) {
    await connection.query(
      `create trigger full_disk before insert or update on ${table} execute function full_disk()`,
    )
  }
  await seesFault(world, devices)
  await unchanged()
  for (const table of tables) await connection.query(`drop trigger full_disk on ${table}`)
  await recovers(world, devices)
})

test('no connection to spare: 40 requests wait for a lock with ten connections', {
  timeout: 180_000,
}, async (t) => {
  const { world, devices, unchanged } = await start(t)
  const unlock = await lockDatabase(world)
  const begun = performance.now()
  const answers = await Promise.all(
    Array.from({ length: 40 }, () => world.service.refresh(devices.header.refresh)),
  )
  // Those that wait for a connection do not wait one after the other, which would take four times five seconds.
  assert.ok(performance.now() - begun < 15_000)
  for (const { status, headers } of answers) {
    assert.equal(status, 503)
    assert.ok(Number(headers.get('Retry-After')) >= 1)
  }
  await unlock()
  await unchanged()
  await recovers(world, devices)
})
