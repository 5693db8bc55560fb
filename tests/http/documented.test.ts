/**
 * `docs/invariants.md`, 8: each documented response can be provoked. The list is the contract's own examples. An example
 * that nothing provokes fails, and so does a provocation that is not in the contract.
 */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { after, test } from 'node:test'
import type { Example } from '../../src/conform/examples.ts'
import { examples, table, withoutExample } from '../../src/conform/examples.ts'
import { ownKeys } from '../../src/conform/provocations/index.ts'
import type { Provocation } from '../../src/conform/provocations/provocation.ts'
import { edited } from '../contract/edited.ts'
import type { Observed } from '../support/check-response.ts'
import { contract, observers, operations } from '../support/check-response.ts'
import type { Dialect, DialectContext } from '../support/database.ts'
import { snapshot, test as testBoth } from '../support/database.ts'
import type { Answer } from '../support/service.ts'
import type { World } from '../support/world.ts'
import { startWorld as startPlainWorld } from '../support/world.ts'
import { everyEvent } from './documented/every-event.ts'
import { further } from './documented/further.ts'
import { requestLies, responseLies } from './documented/lies.ts'
import { recordReads, unread } from './documented/reads.ts'
import { ownUnderneath, waysInWorld } from './documented/underneath.ts'
import { unkept } from './documented/unkept.ts'

const text = JSON.stringify(contract)

/** Some operations need device bound sessions, which need a Secure cookie. */
const startWorld = (t: Parameters<typeof startPlainWorld>[0]) =>
  startPlainWorld(t, {
    dbsc: 'optional',
    cookie: { name: 'refresh_token', secure: true, sameSite: 'Strict' },
  })

// With the name of this installation's cookie
const servedPaths = JSON.parse(
  JSON.stringify(contract.paths).replaceAll('__Host-refresh_token', 'refresh_token'),
)

/** Names and types of all members, without values. */
function shape(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shape)
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shape(member)]))
}

// The missing member depends on the operation. Everything else in an error is constant.
const withoutPaths = (body: { errors?: { reason: string; message: string }[] }) => ({
  ...body,
  ...(body.errors && { errors: body.errors.map(({ reason, message }) => [reason, message]) }),
})

function matches({ operationId, status, type, value }: Example, { text, body }: Answer): void {
  if (operationId === 'openapi' && status === 200) assert.deepEqual(body.paths, servedPaths)
  else if (type === 'text/html') assert.ok(text.startsWith(String(value)))
  else if (type === undefined) assert.equal(text, '')
  else if (type !== 'application/json') assert.ok(text.length > 0)
  else if (status < 400) assert.deepEqual(shape(body), shape(value))
  else if (operationId === 'endSession') assert.deepEqual(body, value)
  else assert.deepEqual(withoutPaths(body), withoutPaths(value as object))
}

async function provoke({ service }: World, example: Example, ask: Awaited<ReturnType<Provocation<World>>>) {
  const before = await snapshot(service.database)
  const times = Array.from({ length: ask.times ?? 1 })
  const answers = await Promise.all(times.map(() => service.request(ask.path, ask.request)))
  const wanted = answers.find(({ status }) => status === example.status) ?? answers[0]
  assert.ok(wanted !== undefined)
  assert.equal(wanted.status, example.status, wanted.text.slice(0, 500))
  assert.equal(wanted.headers.get('Content-Type')?.split(';')[0], example.type)
  matches(example, wanted)
  if (!example.setsCookie)
    assert.equal(wanted.headers.get('Set-Cookie'), null, 'no such header is documented')
  if (example.status >= 400)
    assert.deepEqual(await snapshot(service.database), before, 'it changed something')
}

const seen = new Set<Example>()

const isAdministration = (operationId: string) =>
  operations.some(
    ({ path, operation }) => operation.operationId === operationId && path.startsWith('/admin/'),
  )

const observed: Observed[] = []
observers.add((one) => observed.push(one))
recordReads()

// The others are answered without the database.
const OF_DATABASE = /^(200|201|401|403|404|409|429|500|503) (?!busy|shutting_down|cross_site)/

// Administration checks its token first, and uses the same store as the others.
const OF_ADMIN = /^(200|201|403|404 unknown|409)/

// Responses that need no change of the clock, of sessions or of anything else.
const HARMLESS = {
  admin: /^(400 (?!short_password)|401|405|409|413|415|404 unknown)/,
  others:
    /^(400 (?!short_password)|401 (missing|invalid_credentials)|403 (cross_site|wrong_password)|405|409|413|415)/,
}
// The others of these end the session first.
const isForged = (key: string, index: number) => key === '401 invalid' && index < 2

const standing = new Map<Dialect, Promise<World>>()
const closers: (() => unknown)[] = []
after(async () => {
  for (const close of closers) await close()
})

/** One world for all refusals that change nothing, because a world takes longer to create than they take. */
function standingWorld(dialect: Dialect = 'sqlite'): Promise<World> {
  const t = { dialect, after: (close: () => unknown) => closers.push(close) }
  const world = standing.get(dialect) ?? startWorld(t as unknown as DialectContext)
  standing.set(dialect, world)
  return world
}

for (const example of examples) {
  const { operationId, key } = example
  const isAdmin = isAdministration(operationId)
  const define = (isAdmin ? OF_ADMIN : OF_DATABASE).test(key) ? testBoth : test
  const isHarmless = (isAdmin ? HARMLESS.admin : HARMLESS.others).test(key)
  const ways = waysInWorld(operationId, key)
  for (const [index, way] of ways.entries()) {
    const name = `${operationId} ${key}${ways.length > 1 ? `, ${index + 1} of ${ways.length}` : ''}`
    define(name, async (t: TestContext & Partial<DialectContext>) => {
      const world = await (isHarmless || isForged(key, index) ? standingWorld(t.dialect) : startWorld(t))
      await provoke(world, example, await way(world))
      seen.add(example)
    })
  }
}

test('all that the contract documents was seen above, and nothing is provoked that it does not', (t) => {
  for (const line of table(examples, seen)) t.diagnostic(line)
  assert.deepEqual(withoutExample, [])
  const named = (some: Iterable<Example>) =>
    [...some].map(({ operationId, key }) => `${operationId} ${key}`).sort()
  assert.deepEqual(named(seen), named(examples))
  const documented = named(examples)
  assert.deepEqual(
    [...ownKeys, ...ownUnderneath].filter((provoked) => !documented.includes(provoked)),
    [],
  )
})

test('each promise about a response was kept in one of them', async (t) => {
  await further(await startWorld(t))
  await everyEvent(await startWorld(t))
  assert.deepEqual(unkept(JSON.parse(text), observed), [])
  for (const [name, [edits, says]] of Object.entries(responseLies))
    assert.ok(unkept(JSON.parse(edited(text, edits)), observed).includes(says), `not noticed: ${name}`)
})

test('each documented member of a request was read by its handler', () => {
  assert.deepEqual(unread(JSON.parse(text)), [])
  for (const [name, [edits, says]] of Object.entries(requestLies))
    assert.deepEqual(unread(JSON.parse(edited(text, edits))), [says], `not noticed: ${name}`)
})
