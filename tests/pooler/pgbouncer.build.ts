/** Behind a pooler in transaction mode: each transaction may have another server connection. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { before, test } from 'node:test'
import { sql } from 'kysely'
import { Client } from 'pg'
import type { Settings } from '../../src/config/settings.ts'
import { connect, freshDatabase } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { PGBOUNCER, SERVER_CONNECTIONS, startPooler } from './pgbouncer.ts'

const skip = PGBOUNCER === undefined && 'NOT TESTED: pgbouncer is not installed (apt-get install pgbouncer)'
before(() => {
  if (skip) console.error(skip)
})

async function pooled(t: TestContext, from?: string) {
  const database = await freshDatabase(t, 'postgres', from)
  if (database.dialect !== 'postgres') throw new TypeError('not PostgreSQL')
  const [direct = ''] = database.url.split('?')
  return { direct, url: await startPooler(t, direct) }
}

const start = (t: TestContext, url: string, preparedStatements: Settings['pool']['preparedStatements']) =>
  startService(t, { database: { dialect: 'postgres', url }, pool: { size: 10, preparedStatements } })

async function sessions(service: Service, count: number): Promise<string[]> {
  await service.register()
  const tokens = []
  for (let index = 0; index < count; index++) tokens.push((await service.login()).refreshToken)
  return tokens
}

for (const setting of ['auto', 'off'] as const) {
  test(`${setting}: 200 parallel refreshes and exchanges are all 200`, {
    skip,
    timeout: 120_000,
  }, async (t) => {
    const { url } = await pooled(t)
    const service = await start(t, url, setting)
    assert.equal((await service.request('/readyz')).status, 200)
    const tokens = await sessions(service, 20)
    const refreshes = await Promise.all(
      tokens.flatMap((token) => Array.from({ length: 10 }, () => service.refresh(token))),
    )
    assert.deepEqual([...new Set(refreshes.map(({ status }) => status))], [200])
    const exchanges = await Promise.all(
      refreshes.slice(0, 50).map(({ body }) => service.exchange(body.data.access_token)),
    )
    assert.deepEqual([...new Set(exchanges.map(({ status }) => status))], [200])
    assert.equal((await service.request('/readyz')).status, 200)
  })
}

test('time-outs and synchronous_commit hold on every server connection, and for nobody else', {
  skip,
  timeout: 180_000,
}, async (t) => {
  const { direct, url } = await pooled(t)
  const connection = await connect({ dialect: 'postgres', url: direct })
  t.after(() => connection.close())
  await connection.query(`alter database ${new URL(direct).pathname.slice(1)} set synchronous_commit = off`)
  const { core } = await start(t, `${url}?lock_timeout=1234`, 'auto')
  const read = sql<{ pid: number; settings: string }>`select pg_backend_pid() as pid, concat_ws(' ',
    current_setting('lock_timeout'), current_setting('statement_timeout'), current_setting('synchronous_commit'),
    current_setting('idle_in_transaction_session_timeout'), current_setting('transaction_isolation')) as settings
    from pg_sleep(0.2)`
  const alone = Array.from({ length: 10 }, () => read.execute(core.db))
  const inTransactions = Array.from({ length: 10 }, () =>
    core.db.transaction().execute((trx) => read.execute(trx)),
  )
  const rows = (await Promise.all([...alone, ...inTransactions])).flatMap((result) => result.rows)
  assert.deepEqual([...new Set(rows.map(({ settings }) => settings))], ['1234ms 2300ms on 5s read committed'])
  assert.equal(new Set(rows.map(({ pid }) => pid)).size, SERVER_CONNECTIONS)

  const others = Array.from({ length: SERVER_CONNECTIONS }, async () => {
    const client = new Client(url)
    await client.connect()
    const result = await client.query(
      "select current_setting('lock_timeout') as lock, current_setting('synchronous_commit') as commit from pg_sleep(0.2)",
    )
    await client.end()
    return result.rows[0]
  })
  for (const row of await Promise.all(others)) assert.deepEqual(row, { lock: '0', commit: 'off' })
})

test('a lock: 503 in time, and all is well afterwards', { skip, timeout: 180_000 }, async (t) => {
  const { direct, url } = await pooled(t)
  const service = await start(t, url, 'auto')
  const [token = ''] = await sessions(service, 1)
  const connection = await connect({ dialect: 'postgres', url: direct })
  t.after(() => connection.close())
  await connection.query('begin')
  await connection.query('lock table sessions in exclusive mode')
  const answers = await Promise.all(Array.from({ length: 20 }, () => service.refresh(token)))
  assert.deepEqual([...new Set(answers.map(({ status }) => status))], [503])
  await connection.query('rollback')
  await until(async () => (await service.request('/readyz')).status === 200, 'ready')
  assert.equal((await service.refresh(token)).status, 200)
})

test('prepared statements all the same: 503 instead of 500, until they are given up', {
  skip,
  timeout: 180_000,
}, async (t) => {
  const { url } = await pooled(t)
  const service = await start(t, url, 'auto')
  const tokens = await sessions(service, 10)
  const wrong = await start(t, url, 'on')
  const round = async () => {
    const answers = tokens.flatMap((token) => Array.from({ length: 10 }, () => wrong.refresh(token)))
    return [...new Set((await Promise.all(answers)).map(({ status }) => status))].sort()
  }
  assert.deepEqual(await round(), [200, 503])
  assert.ok(wrong.core.failedWrites.count > 0, '/readyz will try a write')
  assert.match(wrong.logged(), /prepared statement \\"rekindle_\w+\\" (already exists|does not exist)/)
  assert.equal((await wrong.request('/readyz')).status, 200)
  assert.deepEqual(await round(), [200])
})

test('three processes migrate a new database at once, and no lock is left', {
  skip,
  timeout: 180_000,
}, async (t) => {
  const { direct, url } = await pooled(t, 'template0')
  const services = await Promise.all(Array.from({ length: 3 }, () => start(t, url, 'auto')))
  for (const service of services) assert.equal((await service.request('/readyz')).status, 200)
  const connection = await connect({ dialect: 'postgres', url: direct })
  t.after(() => connection.close())
  const [row] = await connection.query("select count(*) as count from pg_locks where locktype = 'advisory'")
  assert.deepEqual(row, { count: 0 })
})
