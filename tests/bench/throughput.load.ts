/** The short form of `npm run bench`: that what is measured happens. How fast it is, is for the long form. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withCleanup } from '../support/cleanup.ts'
import { chart } from './throughput/chart.ts'
import { untilIdle } from './throughput/idle.ts'
import { CONNECTIONS, generator, pace, saturate } from './throughput/load.ts'
import { table } from './throughput/report.ts'
import { rounds } from './throughput/rounds.ts'
import type { Subject } from './throughput/subject.ts'
import { FLOOR, subjects } from './throughput/subjects.ts'
import { canTrace } from './throughput/syncs.ts'
import { verifications } from './throughput/verification.ts'

const SIZES = { users: 5, sessions: 100 }
const [sqlite, postgres] = subjects(['refresh']) as [Subject, Subject]

test(`each request of ${generator} and of the constant rate is a rotation`, async () => {
  await withCleanup(async (cleanup) => {
    const prepared = await sqlite.prepare(cleanup, { sizes: SIZES, isTraced: false })
    const { processes, files, done } = prepared
    const target = { ports: processes.map(({ port }) => port), operation: sqlite.operation }
    const { requests } = await saturate({ ...target, file: files.saturated }, 1)
    await untilIdle(prepared)
    const rotations = (await done()) ?? 0
    // Those that were under way at the end were given up.
    assert.ok(requests > SIZES.sessions, `${requests} requests, so that chains went on`)
    assert.ok(rotations >= requests && rotations <= requests + CONNECTIONS, `${requests}, ${rotations}`)

    const paced = await pace({ ...target, file: files.paced }, 600, 300)
    assert.equal(paced.requests, 300)
    assert.equal(await done(), rotations + 300)
    assert.ok(paced.duration >= 299 / 600, `${paced.duration} s`)

    // Each of them was used, and so were its successors.
    await assert.rejects(pace({ ...target, file: files.paced }, 600, 10), /10 requests were refused: 401/)
  })
})

test('each login that is measured opens a session', async () => {
  const [login] = subjects(['login']) as [Subject]
  await withCleanup(async (cleanup) => {
    const { processes, files, done } = await login.prepare(cleanup, { sizes: SIZES, isTraced: false })
    const before = (await done()) ?? 0
    // Of as many as the long form has at once, some give way on a machine that other tests keep busy.
    const operation = { ...login.operation, connections: 3 }
    const target = { ports: processes.map(({ port }) => port), operation }
    const { requests } = await saturate({ ...target, file: files.saturated }, 2)
    assert.ok(requests > 0 && ((await done()) ?? 0) >= before + requests, `${requests}`)
  })
})

test('on a slow disk each rotation waits for it', {
  skip: !canTrace && 'strace may not trace here',
}, async () => {
  await withCleanup(async (cleanup) => {
    const preparation = { sizes: SIZES, isTraced: false, syncDelay: 20 }
    const { processes, files } = await sqlite.prepare(cleanup, preparation)
    const target = { ports: processes.map(({ port }) => port), operation: sqlite.operation }
    const { p50 } = await pace({ ...target, file: files.paced }, 20, 20)
    assert.ok(p50 >= 20, `${p50} ms`)
  })
})

test('a round has a row for each subject, without wrk and on PostgreSQL too', async () => {
  const plan = { sizes: SIZES, seconds: 0.3, warmUp: 0, generator: 'autocannon' } as const
  const rows = await rounds(FLOOR, [postgres], plan, 1)
  assert.deepEqual(
    rows.map(({ where }) => where),
    ['Hono and node-server', 'PostgreSQL'],
  )
  for (const { figures, ratios } of rows) {
    assert.ok(Number(figures.rate) > 0 && Number(figures.p99) >= Number(figures.p50))
    assert.deepEqual(ratios, [figures.ratio])
  }
  const lines = table(rows).split('\n')
  assert.deepEqual(
    lines.map((line) => line.split('|')[1]?.trim()),
    [
      'operation',
      '--------------------'.slice(0, lines[1]?.split('|')[1]?.trim().length),
      'floor',
      'POST /refresh_token',
    ],
  )
  assert.equal(chart(rows).match(/<rect/g)?.length, 2)
})

test('each algorithm has a figure for verification, and none costs much more than its signature', () => {
  const found = verifications(2000)
  assert.deepEqual(
    found.map(({ algorithm }) => algorithm),
    ['HS256', 'ES256', 'EdDSA', 'RS256'],
  )
  // Besides the signature: two bodies of JSON, read and written. That takes some microseconds, or more on a slow machine.
  for (const { algorithm, token, primitive } of found)
    assert.ok(token < 1.5 * primitive + 50, `${algorithm}: ${token} µs instead of ${primitive}`)
})
