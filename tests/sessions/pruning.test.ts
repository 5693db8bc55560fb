/** The running service prunes by itself, and goes on when a run fails. */
import assert from 'node:assert/strict'
import { startPruning } from '../../src/sessions/prune.ts'
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
