/** What /readyz writes, to find out whether requests could write. */
import assert from 'node:assert/strict'
import { statSync } from 'node:fs'
import { test as testOnce } from 'node:test'
import { probeWriting } from '../../src/store/queries/probe.ts'
import { connect, snapshot, test } from '../support/database.ts'
import { startService } from '../support/service.ts'
import { openContext } from '../support/session-context.ts'

// Each page in the log has a header.
const FRAME = 4096 + 24
const LOG_HEADER = 32

testOnce('it writes more pages at once than any request does', async (t) => {
  const service = await startService(t)
  const past = await connect(service.database)
  t.after(() => past.close())
  const pagesOf = async (work: () => Promise<unknown>) => {
    await past.query('pragma wal_checkpoint(truncate)')
    await work()
    return (statSync(`${service.file}-wal`).size - LOG_HEADER) / FRAME
  }
  const requests: Record<string, number> = {}
  requests['register'] = await pagesOf(() => service.register())
  let tokens = { accessToken: '', refreshToken: '' }
  requests['login'] = await pagesOf(async () => {
    tokens = await service.login()
  })
  requests['refresh'] = await pagesOf(() => service.refresh(tokens.refreshToken))
  requests['exchange'] = await pagesOf(() => service.exchange(tokens.accessToken))
  requests['logout'] = await pagesOf(() =>
    service.request('/api/auth/logout', { method: 'POST', bearer: tokens.refreshToken }),
  )
  const probe = await pagesOf(() => probeWriting(service.core.db))
  t.diagnostic(`${probe} pages; ${JSON.stringify(requests)}`)
  for (const pages of Object.values(requests)) assert.ok(pages > 0)
  // It inserts and deletes, and each of the two has to write enough.
  assert.ok(probe / 2 >= Math.max(20, ...Object.values(requests)), `${probe} pages`)
})

test('it leaves nothing behind, however often it is asked', async (t) => {
  const { db, database } = await openContext(t)
  const before = await snapshot(database)
  for (let count = 0; count < 3; count++) await probeWriting(db)
  assert.deepEqual(await snapshot(database), before)
})
