/** The running service prunes by itself, tells what is lost by it, and goes on when a run fails. */
import assert from 'node:assert/strict'
import { pruneAll, startPruning } from '../../src/sessions/prune.ts'
import { insertEvents, OPERATOR } from '../../src/store/events.ts'
import { test } from '../dialects.ts'
import { DAY, startService } from '../fixture.ts'

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
  const until = async (line: string) => {
    for (let waits = 0; !told.includes(line) && waits < 500; waits++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
  const broken = { ...core.db, deleteFrom: undefined } as never
  Object.assign(context, { db: broken })
  await until('failed')
  Object.assign(context, { db: core.db })
  clock.now += 91 * DAY
  await until('pruned 1')
  await stop()
  assert.equal(told.at(-1), 'pruned 1')
  assert.deepEqual(await core.db.selectFrom('sessions').selectAll().execute(), [])
})

test('events that the webhook has never taken go as well, but not without a word', async (t) => {
  const webhook = { url: 'http://127.0.0.1:9/', secret: 'nobody is there to be told anything' }
  const service = await startService(t, { webhook })
  const { core, clock } = service
  const names = ['delivered', 'undelivered', 'undelivered too']
  for (const name of names) await insertEvents(core.db, [{ name }], clock.now, OPERATOR)
  const delivered = core.db.updateTable('events').set({ deliver_at: null })
  await delivered.where('name', '=', 'delivered').execute()
  clock.now += 91 * DAY
  const stop = startPruning(core, 5, core.log)
  while (!service.logged().includes('"msg":"pruned"')) await new Promise((resolve) => setTimeout(resolve, 5))
  await stop()
  assert.match(service.logged(), /"level":50,[^\n]*"events":2,[^\n]*webhook/)

  // Nobody wanted to be told.
  await insertEvents(core.db, [{ name: 'x' }], 0, OPERATOR)
  const none = { ...core, settings: { ...core.settings, webhook: undefined } }
  assert.deepEqual(await pruneAll(none), { sessions: 0, revokedTokens: 0, events: 1, undelivered: 0 })
})
