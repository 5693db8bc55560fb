/** What a follower makes of answers, without a service. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createFollower } from '../../src/verify/follow.ts'
import { until } from '../support/until.ts'

interface Data {
  readonly revocations: readonly object[]
  readonly cursor: string
  readonly snapshot?: boolean
  readonly more?: boolean
}

const answer = (data: Data) => Response.json({ data: { snapshot: false, more: false, ...data } })

/** A follower whose requests are answered in this order, and then never. */
function follow(
  t: TestContext,
  answers: readonly (() => Response | Promise<Response>)[],
  { maxStale = 30_000, isOnDemand = false } = {},
) {
  const asked: string[] = []
  const errors: unknown[] = []
  const follower = createFollower({
    ...{ url: 'http://localhost/revocations', token: 'x', maxStale, clockTolerance: 5, isOnDemand },
    onError: (error) => errors.push(error),
    fetch: (async (url: URL, { signal }: { signal: AbortSignal }) => {
      asked.push(url.search)
      const next = answers[asked.length - 1]
      if (next !== undefined) return next()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    }) as unknown as typeof fetch,
  })
  t.after(() => follower.close())
  return { follower, asked, errors }
}

const seconds = () => Math.floor(Date.now() / 1000)
const token = (sid: string) => ({ sub: 'ada', sid, jti: 'token', exp: seconds() + 600 })
const ended = (sid: string) => ({ sid, exp: seconds() + 600 })

test('half a snapshot does not replace a whole one', async (t) => {
  const half = Promise.withResolvers<Response>()
  const { follower } = follow(t, [
    () => answer({ revocations: [ended('one')], cursor: '1.a', snapshot: true }),
    () => answer({ revocations: [ended('two')], cursor: '1.b', snapshot: true, more: true }),
    () => half.promise,
  ])
  await follower.refresh()
  assert.equal(follower.has(token('one')), true)
  const refreshed = follower.refresh()
  await new Promise(setImmediate)
  assert.deepEqual([follower.has(token('one')), follower.has(token('two'))], [true, false])
  half.resolve(answer({ revocations: [ended('three')], cursor: '2.c' }))
  await refreshed
  assert.deepEqual(
    ['one', 'two', 'three'].map((sid) => follower.has(token(sid))),
    [false, true, true],
  )
})

test('knowledge is as old as the request, not as the answer', async (t) => {
  const late = Promise.withResolvers<Response>()
  const { follower } = follow(t, [() => late.promise])
  const refreshed = follower.refresh()
  await new Promise((resolve) => setTimeout(resolve, 100))
  late.resolve(answer({ revocations: [], cursor: '0', snapshot: true }))
  await refreshed
  assert.ok(follower.age() >= 95, `${follower.age()} ms`)
})

test('it asks with the cursor of the last answer, and waits for news', async (t) => {
  const { follower, asked } = follow(t, [
    () => answer({ revocations: [], cursor: '1.a', snapshot: true, more: true }),
    () => answer({ revocations: [], cursor: '2.b' }),
  ])
  follower.start()
  await until(() => asked.length === 3)
  assert.deepEqual(asked, ['?wait=10', '?cursor=1.a', '?cursor=2.b&wait=10'])
})

test('an error is told, and it tries again with longer and longer pauses', async (t) => {
  const fail = () => new Response(null, { status: 503 })
  const { follower, asked, errors } = follow(t, [
    fail,
    fail,
    () => answer({ revocations: [], cursor: '0', snapshot: true }),
  ])
  follower.start()
  await until(() => follower.age() < 5000)
  assert.deepEqual([asked.length >= 3, errors.length, follower.failures], [true, 2, 0])
})

test('what is forgotten has expired, also when the clock is set back', async (t) => {
  const real = Date.now
  t.after(() => {
    Date.now = real
  })
  const entry = ended('one')
  const { follower } = follow(t, [
    () => answer({ revocations: [entry], cursor: '1.a', snapshot: true }),
    () => answer({ revocations: [], cursor: '1.a' }),
  ])
  await follower.refresh()
  Date.now = () => real() + 3_600_000
  await follower.refresh()
  assert.equal(follower.size, 0)
  Date.now = real
  assert.equal(follower.has({ ...token('one'), exp: entry.exp }), true)
  assert.equal(follower.has({ ...token('one'), exp: entry.exp + 1 }), false)
})

test('while the machine slept, the wall clock went on', async (t) => {
  const real = Date.now
  t.after(() => {
    Date.now = real
  })
  const { follower } = follow(t, [() => answer({ revocations: [], cursor: '0', snapshot: true })])
  await follower.refresh()
  Date.now = () => real() + 60_000
  assert.ok(follower.age() >= 60_000)
})

test('on demand, nobody waits for a request that another began and gave up', async (t) => {
  const never = () => new Promise<Response>(() => {})
  const { follower, asked } = follow(
    t,
    [never, () => answer({ revocations: [ended('one')], cursor: '1.a', snapshot: true }), never],
    { isOnDemand: true, maxStale: 200 },
  )
  void follower.refresh()
  await follower.refresh()
  assert.equal(follower.has(token('one')), true)
  // For a second it is good enough for all but the first.
  await Promise.all([follower.refresh(), follower.refresh()])
  assert.equal(asked.length, 2)
  await until(() => follower.age() > 200)
  void follower.refresh()
  assert.equal(asked.length, 3)
})

test('an answer that was overtaken by a later one changes nothing', async (t) => {
  const late = Promise.withResolvers<Response>()
  const { follower } = follow(
    t,
    [
      () => late.promise,
      () => answer({ revocations: [ended('one')], cursor: '2.b', snapshot: true }),
      () => answer({ revocations: [], cursor: '2.b' }),
    ],
    { isOnDemand: true },
  )
  const overtaken = follower.refresh()
  await new Promise((resolve) => setTimeout(resolve, 20))
  await follower.refresh()
  const age = follower.age()
  late.resolve(answer({ revocations: [], cursor: '1.a', snapshot: true }))
  await overtaken
  assert.equal(follower.has(token('one')), true)
  assert.ok(follower.age() < age + 20)
})

test('all requests go through one connection', async (t) => {
  let [connections, answers] = [0, 0]
  const server = createServer((_, response) => {
    const data = { revocations: [], cursor: `${++answers}.a`, snapshot: answers === 1, more: false }
    if (answers < 20) response.end(JSON.stringify({ data }))
  })
  server.on('connection', () => connections++)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const follower = createFollower({
    ...{ url: `http://127.0.0.1:${port}`, token: 'x', maxStale: 30_000, clockTolerance: 5 },
    isOnDemand: false,
    ...{ onError: (error: unknown) => assert.fail(String(error)), fetch },
  })
  t.after(() => {
    follower.close()
    server.closeAllConnections()
    server.close()
  })
  follower.start()
  await until(() => answers === 20)
  assert.equal(connections, 1)
})
