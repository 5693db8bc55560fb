/** The running service prunes by itself, reports lost events, and continues after a failed run. */

import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import { sql } from 'kysely'
import { pruneAll, startPruning } from '../../src/sessions/prune.ts'
import type { SecurityEvent } from '../../src/store/event-names.ts'
import { insertEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { test } from '../support/database.ts'
import { DAY, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

test('expired sessions go by themselves; a run that fails is logged, and the next one comes', async (t) => {
  const { core, clock, register, login } = await startService(t)
  await register()
  await login()
  const told: string[] = []
  const log = {
    info: ({ sessions }: { sessions: number }) => void told.push(`pruned ${sessions}`),
    error: () => void told.push('failed'),
  }
  const context = { ...core }
  const stop = startPruning(context, 5, log)
  const untilTold = (line: string) => until(() => told.includes(line), line)
  const broken = { ...core.db, deleteFrom: undefined } as never
  Object.assign(context, { db: broken })
  await untilTold('failed')
  Object.assign(context, { db: core.db })
  clock.now += 91 * DAY
  await untilTold('pruned 1')
  await stop()
  assert.equal(told.at(-1), 'pruned 1')
  assert.deepEqual(await core.db.selectFrom('sessions').selectAll().execute(), [])
})

testOnce('a stop does not wait for the breath after a slow batch', async (t) => {
  const { core, clock, register, login } = await startService(t)
  await register()
  await login()
  clock.now += 91 * DAY
  const bed = new Int32Array(new SharedArrayBuffer(4))
  // The clock is read twice for a batch, so that the pause is some ten seconds.
  const now = () => {
    Atomics.wait(bed, 0, 0, 1000)
    return clock.now
  }
  const stop = startPruning({ ...core, now }, 5, core.log)
  const sessions = () => core.db.selectFrom('sessions').select('id').execute()
  await until(async () => (await sessions()).length === 0)
  const begun = performance.now()
  await stop()
  const taken = performance.now() - begun
  assert.ok(taken < 6000, `${taken} ms`)
})

testOnce('events that the webhook never took do not go without a word, also when a run fails', async (t) => {
  const webhook = { url: 'http://127.0.0.1:9/', secret: 'nobody is there to be told anything' }
  const service = await startService(t, { webhook })
  const { core, clock } = service
  const of = (name: SecurityEvent, count: number) => Array.from({ length: count }, () => ({ name }))
  await insertEvents(
    core.db,
    [...of('session.opened', 10), ...of('session.revoked', 50)],
    clock.now,
    OPERATOR,
  )
  const delivered = core.db.updateTable('events').set({ deliver_at: null })
  await delivered.where('name', '=', 'session.opened').execute()
  // The first batch has fifty rows.
  await sql`create trigger stop before delete on events when old.position > 55
    begin select raise(abort, 'no more'); end`.execute(core.db)
  clock.now += 91 * DAY
  const lost = () =>
    [...service.logged().matchAll(/"level":50,[^\n]*"events":(\d+),[^\n]*webhook/g)].map(([, count]) => count)
  const prune = async (message: string) => {
    const stop = startPruning(core, 5, core.log)
    await until(() => service.logged().includes(message), message)
    await stop()
  }
  await prune('"msg":"pruning failed"')
  assert.equal(lost()[0], '40')
  await sql`drop trigger stop`.execute(core.db)
  await prune('"msg":"pruned"')
  assert.deepEqual(lost(), ['40', '10'])

  // No webhook was set.
  await insertEvents(core.db, of('session.opened', 1), 0, OPERATOR)
  const none = { ...core, settings: { ...core.settings, webhook: undefined } }
  const tell = () => assert.fail('of what nobody waits for')
  assert.equal((await pruneAll(none, { onUndelivered: tell })).events, 1)
})
