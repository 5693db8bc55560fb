/**
 * Histories of sessions that may be bound to a device: a browser whose requests and answers get lost, and a thief who copies
 * what it has, at any time. Whatever happens in whatever order:
 *
 * - half a minute after the binding, nobody gets tokens without a cookie of its key that is younger than ten minutes;
 * - without a thief, nobody is logged out;
 * - the key of a session never changes, and an ended session has none that counts;
 * - a thief does not keep a session beside or instead of an owner who comes back.
 *
 * A long campaign: DEVICES_RUNS=10000 node --test tests/sessions/devices.test.ts
 */
import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { challengeFor } from '../../src/proofs/dbsc.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { seededRandom } from '../support/seeded-random.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'
import { GRANTED, Holder } from './devices/holder.ts'

const GIVEN = process.env['DEVICES_RUNS']
const RUNS = { sqlite: Number(GIVEN ?? effort(60, 2000)), postgres: Number(GIVEN ?? effort(30, 300)) }
const SEED = Number(process.env['DEVICES_SEED'] ?? 20261130)
const STEPS = 16
const SECOND = 1000
const MINUTE = 60 * SECOND
const COOKIE = 10 * MINUTE
const IN_FLIGHT = 30 * SECOND

const rowOf = ({ db }: StoreContext, sessionId: string) =>
  db
    .selectFrom('sessions')
    .select([
      'device_key as key',
      'bound_at as boundAt',
      'revoked_at as revokedAt',
      'revoked_reason as reason',
    ])
    .where('id', '=', sessionId)
    .executeTakeFirstOrThrow()

type Row = Awaited<ReturnType<typeof rowOf>>

/** What no request may get, by the row before it */
function checkAnswer(
  { outcome, bound }: Holder['answers'][number],
  { key, boundAt, revokedAt }: Row,
  now: number,
): void {
  if (!GRANTED.includes(outcome)) return
  assert.equal(revokedAt, null, `${outcome} after the end`)
  if (boundAt === null || boundAt + IN_FLIGHT > now) return
  assert.equal(bound?.key, key, `${outcome} without the device`)
  assert.ok(Number(bound?.madeAt) > now - COOKIE, `${outcome} with a cookie of long ago`)
}

async function history(context: StoreContext, seed: number, reached: Map<string, number>): Promise<void> {
  const { clock, db, keys } = context
  const random = seededRandom(seed)
  const chance = (share: number) => random() < share
  const oneOf = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  clock.now = NOW
  const userId = await addUser(db, `user-${seed}`)
  const { session, accessToken, refreshToken } = await logIn(context, userId)
  const offer = challengeFor(keys.refresh, 'registration', session.id, clock.now)
  const owner = new Holder(context, 'owner', 2, session.id, {
    token: String(refreshToken),
    accessToken,
    offer,
  })
  // A thief who is near has the network and the user agent of the owner.
  const [hasDevice, hasThief, isNear] = [chance(0.8), chance(0.6), chance(0.3)]
  let thief: Holder | undefined
  let isOver = false
  const journal: string[] = []
  const loses = () => ({ renewal: chance(0.2), answer: chance(0.15) })

  async function tell(who: string, holder: Holder, request: () => Promise<string>): Promise<string> {
    const before = await rowOf(context, session.id)
    const outcome = await request()
    journal.push(`${(clock.now - NOW) / SECOND} s: ${who} ${outcome}`)
    reached.set(`${who} ${outcome}`, (reached.get(`${who} ${outcome}`) ?? 0) + 1)
    for (const answer of holder.answers.splice(0)) checkAnswer(answer, before, clock.now)
    const after = await rowOf(context, session.id)
    if (before.key !== null) assert.equal(after.key, before.key, 'the key of a session never changes')
    if (!hasThief && !isOver) assert.equal(after.reason, null, 'nobody is logged out')
    return outcome
  }

  async function step(): Promise<void> {
    const what = random()
    if (what < 0.25) clock.now += oneOf([1, SECOND, 20 * SECOND, 31 * SECOND, MINUTE, 5 * MINUTE])
    else if (what < 0.4) clock.now += oneOf([9 * MINUTE, 11 * MINUTE, 31 * MINUTE, 600 * MINUTE])
    else if (what < 0.55) await owns('refresh', () => owner.refresh(loses()))
    else if (what < 0.6) {
      const [cookie, lost] = [owner.hasCookie, loses()]
      const all = [
        owner.present(cookie, !cookie && owner.device !== undefined, lost.answer),
        owner.refresh(lost),
      ]
      await owns('several at once', async () => (await Promise.all(all)).join(' and '))
    } else if (what < 0.7) {
      if (hasDevice) await owns('register', () => owner.register(chance(0.2)))
    } else if (what < 0.75) {
      if (owner.device !== undefined && !owner.hasCookie) await owns('renew', () => owner.renew(chance(0.2)))
    } else if (what < 0.77) {
      if (chance(0.3)) await end()
    } else if (hasThief) await steal(random())
  }

  const owns = async (what: string, request: () => Promise<string>) =>
    owner.isOut ? undefined : tell(`owner: ${what}`, owner, request)

  async function steal(what: number): Promise<void> {
    if (thief === undefined || what < 0.1) {
      // What answers offer is not in the jar of cookies.
      const [name, network] = isNear ? (['owner', 2] as const) : (['thief', 9] as const)
      thief = new Holder(context, name, network, session.id, { ...owner.jar, offer: undefined })
      journal.push('a thief copies the jar')
      return
    }
    const holder = thief
    if (what < 0.5) await tell('thief: refresh', holder, () => holder.present(true, chance(0.2), false))
    else if (what < 0.6) await tell('thief: refresh, as a browser', holder, () => holder.refresh(loses()))
    else if (what < 0.7) await tell('thief: exchange', holder, () => holder.exchange())
    else if (what < 0.9) {
      await tell('thief: refresh', holder, () => holder.present(true, false, false))
      await tell('thief: register', holder, () => holder.register(false))
      if (chance(0.8)) await tell('thief: renew', holder, () => holder.renew(false))
    } else await tell('thief: renew', holder, () => holder.renew(false))
  }

  async function end(): Promise<void> {
    const given = { sessionId: session.id, generation: 0, reason: 'logout', now: clock.now } as const
    await revokeSession(db, { ...given, origin: OPERATOR })
    isOver = true
    journal.push('the end')
  }

  try {
    for (let steps = 0; steps < STEPS; steps++) await step()
    const nothing = { renewal: false, answer: false }
    let last = ''
    for (let round = 0; round < 3; round++) {
      clock.now += 61 * MINUTE
      if (!owner.isOut) last = String(await owns('refresh', () => owner.refresh(nothing)))
      const holder = thief
      if (holder !== undefined) {
        clock.now += MINUTE
        const outcome = await tell('thief: refresh, as a browser', holder, () => holder.refresh(nothing))
        if (round === 2) assert.ok(!GRANTED.includes(outcome), `the thief goes on: ${outcome}`)
      }
    }
    if (!hasThief && !isOver) assert.ok(GRANTED.includes(last), `the owner does not go on: ${last}`)
    const { reason } = await rowOf(context, session.id)
    if (reason === null) assert.ok(!owner.isOut, 'the owner was refused, and the session goes on')
  } catch (error) {
    throw new Error(`DEVICES_SEED=${seed} DEVICES_RUNS=1: ${error}\n${journal.join('\n')}`, { cause: error })
  }
}

test(`histories of device bound sessions, DEVICES_SEED=${SEED}`, async (t) => {
  const context = await openContext(t, { dbsc: 'optional' })
  // No power cut happens here.
  if (t.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(context.db)
  const reached = new Map<string, number>()
  for (let run = 0; run < RUNS[t.dialect]; run++) await history(context, SEED + run, reached)
  const lines = [...reached].toSorted().map(([line, count]) => `${line}: ${count}`)
  t.diagnostic(lines.join('; '))
})
