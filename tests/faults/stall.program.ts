/** PostgreSQL hangs: its processes stay, and new ones can still be started. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, freshDatabase } from '../support/database.ts'
import { startWorld } from '../support/world.ts'
import { openDevices, recovers } from './probe.ts'

const SIZE = 3

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended.
  }
}

test('however long it hangs, it has no more connections of ours than the pool may have', {
  skip: process.platform === 'win32' && 'there is no SIGSTOP',
  timeout: 90_000,
}, async (t) => {
  const stopped = new Set<number>()
  let isHanging = true
  let hanging = Promise.resolve()
  const wake = async () => {
    isHanging = false
    await hanging
    for (const pid of stopped) signal(pid, 'SIGCONT')
  }
  // Registered first, so that it runs first: nothing else could end before it.
  t.after(wake)
  const database = await freshDatabase(t, 'postgres')
  if (database.dialect !== 'postgres') throw new TypeError('not PostgreSQL')
  const pool = { size: SIZE, preparedStatements: 'auto' } as const
  const world = await startWorld(t, { database, pool })
  const devices = await openDevices(world)
  const url = new URL(database.url)
  const name = url.pathname.slice(1)
  url.pathname = '/postgres'
  const outside = await connect({ dialect: 'postgres', url: url.href })
  t.after(() => outside.close())
  const processes = async (): Promise<number[]> => {
    // Not those of autovacuum
    const select = "select pid from pg_stat_activity where datname = $1 and backend_type = 'client backend'"
    return (await outside.query(select, [name])).map(({ pid }) => pid)
  }

  let most = 0
  const hang = async () => {
    while (isHanging) {
      const pids = await processes()
      most = Math.max(most, pids.length)
      for (const pid of pids) {
        if (!stopped.has(pid)) signal(pid, 'SIGSTOP')
        stopped.add(pid)
      }
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  hanging = hang()
  const { service } = world
  for (let round = 0; round < 4; round++) {
    const answers = await Promise.all(
      Array.from({ length: 2 * SIZE }, () => service.refresh(devices.header.refresh)),
    )
    for (const { status } of answers) assert.ok(status === 503 || status === 200, `${status}`)
  }
  assert.equal((await service.request('/readyz')).status, 503)
  await wake()
  t.diagnostic(`at most ${most} connections, ${service.core.store.pool?.().total} counted by the pool`)
  assert.ok(most <= SIZE, `${most} connections`)
  await recovers(world, devices, [200, 401])
})
