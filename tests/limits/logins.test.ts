/** Attempts at passwords: how many are allowed, how long others wait, and that strangers cannot lock a user out. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { recordStatements } from '../store/statements.ts'
import { test } from '../support/database.ts'
import { failed, openLimits, passed, refusedBy, times } from './context.ts'

const HOUR = 3_600_000
const loginAccount = { points: 100, seconds: 3600 }
const address = (index: number) => `192.0.${index >> 8}.${index & 255}`

test('150 tries at once on two processes, each from another address: 100 come through', async (t) => {
  const context = await openLimits(t, { loginAccount, loginDelay: true })
  const both = [context.limits, await context.another()] as const
  const answers = await Promise.all(
    times(150, async (index) => {
      // Spread as requests arrive: two connections to one file must not wait for each other in one turn.
      await turn()
      const answer = await (both[index % 2] ?? both[0]).login('ada', address(index))
      if (!('until' in answer)) await answer.failed()
      return answer
    }),
  )
  const refused = answers.flatMap((answer) => ('until' in answer ? [answer] : []))
  assert.equal(answers.length - refused.length, 100)
  assert.deepEqual([...new Set(refused.map(({ policy }) => policy.name))], ['login-account'])
  // This process has allowed all of its own share, and this is its first refusal.
  for (const limits of both) {
    const answer = await limits.login('ada', '198.51.100.1')
    assert.ok('until' in answer)
    refused.push(answer)
  }
  assert.equal(refused.filter(({ isFirst }) => isFirst).length, 2, 'each process tells it once')

  // A process that starts now knows all of them.
  const third = await context.another()
  assert.deepEqual(await refusedBy(context, third.login('ada', '198.51.100.1')), ['login-account', HOUR])
  assert.equal(await refusedBy(context, third.login('grace', '198.51.100.1')), undefined)
  context.clock.now += HOUR - 1
  assert.deepEqual(await refusedBy(context, third.login('ada', '198.51.100.2')), ['login-account', 1])
  context.clock.now += 1
  assert.equal(await refusedBy(context, third.login('ada', '198.51.100.2')), undefined)
})

test('20 tries at once from one address: 5 come through, and what failed waits longer each time', async (t) => {
  const context = await openLimits(t, { loginDelay: true })
  const { limits, clock } = context
  const tries = () => refusedBy(context, limits.login('ada', '192.0.2.1'))
  const answers = await Promise.all(times(20, tries))
  assert.equal(answers.filter((refusal) => refusal === undefined).length, 5)
  for (const seconds of [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]) {
    assert.deepEqual(await tries(), ['login-delay', seconds * 1000])
    clock.now += seconds * 1000 - 1
    assert.deepEqual(await tries(), ['login-delay', 1])
    clock.now += 1
    const two = await Promise.all([tries(), tries()])
    assert.deepEqual(two.map((refusal) => refusal?.[0]).sort(), ['login-delay', undefined], 'not both')
  }
  assert.equal(await refusedBy(context, limits.login('ada', '192.0.2.2')), undefined, 'another address')
  assert.equal(await refusedBy(context, limits.login('grace', '192.0.2.1')), undefined, 'another account')
  clock.now += 300_000 + HOUR
  for (let free = 0; free < 5; free++) assert.equal(await tries(), undefined, 'after an hour it is forgotten')
})

test('whoever succeeds begins anew, and a try that was none is given back', async (t) => {
  const context = await openLimits(t, {
    loginDelay: true,
    loginAccount: { points: 6, seconds: 60 },
    loginAddress: { points: 6, seconds: 60 },
  })
  const login = () => context.limits.login('ada', '192.0.2.1')
  for (let round = 0; round < 10; round++) {
    for (let failure = 0; failure < (round === 0 ? 4 : 0); failure++) await failed(login())
    await (await passed(login())).succeeded()
  }
  for (let busy = 0; busy < 10; busy++) await (await passed(login())).undone()
  // Since its login, the account has counters of its own at the address. Four failures still count there for others.
  for (let failure = 0; failure < 5; failure++) await failed(login())
  assert.deepEqual(await refusedBy(context, login()), ['login-delay', 1000])
  const others = () => context.limits.login('grace', '192.0.2.1')
  for (let failure = 0; failure < 2; failure++) await failed(others())
  assert.deepEqual(await refusedBy(context, others()), ['login-address', 60_000])
  assert.equal(await refusedBy(context, context.limits.login('ada', '192.0.2.2')), undefined)
})

test('a try waits for those that are not decided, and is refused when none of them gives its point back', async (t) => {
  for (const how of ['succeeded', 'undone', 'failed'] as const) {
    const context = await openLimits(t, { loginAddress: { points: 2, seconds: 60 } })
    // A success of this name makes no address known, so that all attempts have the same counter.
    const login = () => context.limits.login('nobody', '192.0.2.1')
    const first = await passed(login())
    await failed(login())
    let isDecided = false
    const waiting = refusedBy(context, login()).finally(() => {
      isDecided = true
    })
    for (let count = 0; count < 20; count++) await turn()
    assert.equal(isDecided, false)
    await first[how]()
    assert.equal((await waiting)?.[0], how === 'failed' ? 'login-address' : undefined)
    const another = context.limits.login('grace', '192.0.2.1')
    assert.equal((await refusedBy(context, another))?.[0], 'login-address')
  }
})

test('of many tries at once that fail, no more than the limit come through, and each of the others is answered', async (t) => {
  const context = await openLimits(t, { loginAccount: { points: 3, seconds: 60 }, loginDelay: true })
  const answers = await Promise.all(
    times(50, (index) => refusedBy(context, context.limits.login('ada', address(index % 2)))),
  )
  assert.equal(answers.filter((refusal) => refusal === undefined).length, 3)
})

test('of many tries at once that are right, none is refused, and afterwards no point is missing', async (t) => {
  const once = { points: 1, seconds: 60 }
  const context = await openLimits(t, { loginAccount: once, loginAddress: once, loginDelay: true })
  await Promise.all(
    times(50, async (index) => {
      const attempt = await passed(context.limits.login('ada', address(index % 2)))
      await turn()
      await attempt[index % 5 === 0 ? 'undone' : 'succeeded']()
    }),
  )
  const rows = await context.db.selectFrom('rate_limits').selectAll().where('points', '>', 0).execute()
  assert.deepEqual([...new Set(rows.map(({ key }) => key.split(':')[0]))], ['login-seen'])
})

test('a point that another process gives back counts here after a second', async (t) => {
  const context = await openLimits(t, { loginAddress: { points: 1, seconds: 60 } })
  const elsewhere = await context.another()
  const login = () => context.limits.login('ada', '192.0.2.1')
  const attempt = await passed(elsewhere.login('ada', '192.0.2.1'))
  assert.deepEqual(await refusedBy(context, login()), ['login-address', 60_000])
  await attempt.undone()
  context.clock.now += 999
  assert.deepEqual(await refusedBy(context, login()), ['login-address', 59_001])
  context.clock.now += 1
  await failed(login())
})

test('a point that is given back after its window lets nobody else through', async (t) => {
  const context = await openLimits(t, { loginAddress: { points: 1, seconds: 60 } })
  // Whoever succeeded has a counter of their own from then on.
  const login = (username: string) => context.limits.login(username, '192.0.2.1')
  const slow = await passed(login('ada'))
  context.clock.now += 60_000
  await (await passed(login('bob'))).succeeded()
  await slow.succeeded()
  await failed(login('eve'))
  assert.deepEqual(await refusedBy(context, login('eve')), ['login-address', 60_000])
})

test('strangers cannot keep the owner out of where they logged in before', async (t) => {
  const context = await openLimits(t, { loginAccount, loginDelay: true })
  const { limits } = context
  await (await passed(limits.login('ada', '2001:db8:1:1::1'))).succeeded()
  for (let index = 0; index < 100; index++) await failed(limits.login('ada', address(index)))
  assert.deepEqual(await refusedBy(context, limits.login('ada', '203.0.113.9')), ['login-account', HOUR])
  // The same /64, with a typing error before
  await failed(limits.login('ada', '2001:db8:1:1::2'))
  await (await passed(limits.login('ada', '2001:db8:1:1::2'))).succeeded()
  assert.equal((await refusedBy(context, limits.login('ada', '2001:db8:1:2::1')))?.[0], 'login-account')

  // A known address has its own limit, and stays known for thirty days longer than a session lasts.
  const patient = await openLimits(t, { loginAccount: { points: 3, seconds: 3600 } })
  const known = () => patient.limits.login('ada', '192.0.2.1')
  await (await passed(known())).succeeded()
  for (let failure = 0; failure < 3; failure++) await failed(known())
  assert.deepEqual(await refusedBy(patient, known()), ['login-account', HOUR])
  assert.equal(await refusedBy(patient, patient.limits.login('ada', '192.0.2.2')), undefined)
  patient.clock.now += 120 * 24 * HOUR - 1
  for (let index = 0; index < 3; index++) await failed(patient.limits.login('ada', address(index)))
  assert.equal(await refusedBy(patient, patient.limits.login('ada', '192.0.2.1')), undefined)
  patient.clock.now += HOUR
  for (let index = 0; index < 3; index++) await failed(patient.limits.login('ada', address(index)))
  assert.equal((await refusedBy(patient, known()))?.[0], 'login-account', 'it counts as any other by now')
})

test('nobody without the session keeps its owner from changing the password; with it, guesses end', async (t) => {
  const context = await openLimits(t, { loginAccount: { points: 6, seconds: 3600 }, loginDelay: true })
  const { limits, clock } = context
  const change = (session: string) => limits.password('ada', session, '192.0.2.1')
  for (let index = 0; index < 6; index++) await failed(limits.login('ada', address(index)))
  for (let index = 0; index < 4; index++) await refusedBy(context, limits.login('ada', '192.0.2.1'))
  // Unknown for this account, and in the same network as a stranger who fails
  for (let failure = 0; failure < 5; failure++) await failed(change('hers'))
  assert.deepEqual(await refusedBy(context, change('hers')), ['login-delay', 1000])
  clock.now += 1000
  await failed(change('hers'))
  clock.now += 300_000
  assert.equal((await refusedBy(context, change('hers')))?.[0], 'login-account')
  await (await passed(change('another of hers'))).succeeded()
})

test('a try that comes to nothing leaves the wait as it was before it', async (t) => {
  const context = await openLimits(t, { loginDelay: true })
  const { limits, clock } = context
  const login = () => limits.login('ada', '192.0.2.1')
  for (let failure = 0; failure < 6; failure++, clock.now += 1000) await failed(login())
  clock.now += 1000
  for (let busy = 0; busy < 5; busy++) await (await passed(login())).undone()
  await failed(login())
  assert.deepEqual(await refusedBy(context, login()), ['login-delay', 4000])
  // Given back too late: other attempts have failed since.
  clock.now += 4000
  const slow = await passed(login())
  clock.now += 8000
  await failed(login())
  await slow.undone()
  assert.deepEqual(await refusedBy(context, login()), ['login-delay', 16_000])
})

test('a clock that was a year ahead and is set back: nobody waits longer than ever', async (t) => {
  const context = await openLimits(t, {
    loginDelay: true,
    loginAccount: { points: 100, seconds: 3600 },
    registerAddress: { points: 2, seconds: 3600 },
  })
  const { limits, clock } = context
  const login = () => limits.login('ada', '192.0.2.1')
  const right = clock.now
  clock.now += 365 * 24 * HOUR
  for (let failure = 0; failure < 5; failure++) await failed(login())
  for (let count = 0; count < 3; count++) await refusedBy(context, limits.register('192.0.2.1'))
  assert.equal((await refusedBy(context, login()))?.[0], 'login-delay')
  clock.now = right
  for (let failure = 0; failure < 5; failure++) await failed(login())
  assert.deepEqual(await refusedBy(context, login()), ['login-delay', 1000])
  for (let count = 0; count < 2; count++) await failed(limits.register('192.0.2.1'))
  assert.deepEqual(await refusedBy(context, limits.register('192.0.2.1')), ['register', HOUR])
})

test('two processes whose clocks differ by some seconds count together', async (t) => {
  const context = await openLimits(t, { loginDelay: true, registerAddress: { points: 10, seconds: 60 } })
  const ahead = await context.another(5000)
  let count = 0
  for (let round = 0; round < 10; round++) {
    for (const limits of [ahead, context.limits]) {
      if ((await refusedBy(context, limits.register('192.0.2.1'))) === undefined) count++
    }
  }
  assert.equal(count, 10)
  for (let failure = 0; failure < 12; failure++, context.clock.now += 300_000)
    await failed(context.limits.login('ada', '192.0.2.1'))
  await failed(ahead.login('ada', '192.0.2.1'))
  const [, milliseconds = 0] = (await refusedBy(context, context.limits.login('ada', '192.0.2.1'))) ?? []
  assert.equal(milliseconds, 256_000 + 5000)
})

test('what one counter refuses costs nothing at the others, and for a second nothing is written', async (t) => {
  const recording = recordStatements(t)
  const context = await openLimits(t, {
    loginAccount: { points: 1, seconds: 60 },
    loginAddress: { points: 3, seconds: 60 },
  })
  const { limits, clock, db } = context
  const all = () => db.selectFrom('rate_limits').selectAll().orderBy('key').execute()
  await failed(limits.login('ada', '192.0.2.1'))
  const before = await all()
  assert.equal((await refusedBy(context, limits.login('ada', '192.0.2.1')))?.[0], 'login-account')
  assert.deepEqual(await all(), before)
  recording.executed.length = 0
  for (let count = 0; count < 50; count++) await limits.login('ada', '192.0.2.1')
  assert.deepEqual([...new Set(recording.executed.map(({ sql }) => sql.split(' ')[0]))], ['select'])
  clock.now += 1000
  assert.deepEqual(await refusedBy(context, limits.login('ada', '192.0.2.1')), ['login-account', 59_000])
  await failed(limits.login('grace', '192.0.2.1'))
  await failed(limits.login('linus', '192.0.2.1'))
  assert.equal((await refusedBy(context, limits.login('edsger', '192.0.2.1')))?.[0], 'login-address')
})

test('no name is stored as it is, and a name that nobody has goes the same way', async (t) => {
  const recording = recordStatements(t)
  const context = await openLimits(t, { loginAccount, loginDelay: true, loginAddress: loginAccount })
  const ways = []
  for (const name of ['ada', 'nobody'.repeat(20)]) {
    await new Promise(setImmediate)
    recording.executed.length = 0
    await failed(context.limits.login(name, '192.0.2.1'))
    ways.push(recording.executed.map(({ sql }) => sql))
  }
  assert.deepEqual(ways[0], ways[1])
  const rows = await context.db.selectFrom('rate_limits').select('key').execute()
  assert.equal(rows.length, 2 + 2 + 1)
  for (const { key } of rows) assert.doesNotMatch(key, /\bada\b|nobody/)
})

test('limits that are off ask the database nothing', async (t) => {
  const recording = recordStatements(t)
  const { limits } = await openLimits(t, {})
  recording.executed.length = 0
  for (let count = 0; count < 200; count++) {
    await (await passed(limits.login('ada', '192.0.2.1'))).succeeded()
    await (await passed(limits.password('ada', 'a session', '192.0.2.1'))).succeeded()
    await (await passed(limits.register('192.0.2.1'))).undone()
    assert.equal(await limits.mayWrite({ sessionId: 'a', userId: 'a' }), true)
    assert.equal(await limits.failure('192.0.2.1'), undefined)
  }
  assert.equal(recording.executed.length, 0)
})
