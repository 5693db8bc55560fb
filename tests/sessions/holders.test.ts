/**
 * Who holds a session: honest holders are never logged out, whatever they lose, and a thief is found at the second round at
 * the latest. The campaign: npm run holders -- --runs 10000
 */
import assert from 'node:assert/strict'
import { sql } from 'kysely'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'
import type { Holder } from './holders/honest.ts'
import { alternating, killedApp, sixTabs, twoBackends } from './holders/honest.ts'
import { callerAt, HOUR, MINUTE, SECOND, simulation } from './holders/simulation.ts'

const GIVEN = process.env['HOLDERS_RUNS']
const DATABASE = process.env['HOLDERS_DATABASE']
const SEED = Number(process.env['HOLDERS_SEED'] ?? 20261130)
const runsOn = (dialect: DialectContext['dialect']) =>
  GIVEN === undefined ? { sqlite: effort(60, 400), postgres: effort(10, 60) }[dialect] : Number(GIVEN)

async function openWorld(t: DialectContext, settings: Parameters<typeof openContext>[1] = {}) {
  const context = await openContext(t, settings)
  // No power cut happens here.
  if (t.dialect === 'sqlite') await sql`pragma synchronous = off`.execute(context.db)
  return { context, userId: await addUser(context.db) }
}

const isEnd = ({ outcome }: { readonly outcome: string }) => outcome === 'reused' || outcome === 'shared'

async function campaign(t: DialectContext, holder: Holder, settings: Parameters<typeof openContext>[1] = {}) {
  const { context, userId } = await openWorld(t, settings)
  const outcomes: Record<string, number> = {}
  let ended = 0
  let reported = 0
  for (let run = 0; run < runsOn(t.dialect); run++) {
    context.clock.now = NOW
    const { refreshToken, session } = await logIn(context, userId)
    const world = simulation(context, SEED + run)
    const said = holder(world, refreshToken)
    await world.run()
    for (const { outcome } of said) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    if (said.some(isEnd)) ended++
    const shared = context.db.selectFrom('events').select('id').where('session_id', '=', session.id)
    if ((await shared.where('name', '=', 'token.shared').execute()).length > 0) reported++
    await context.db.deleteFrom('sessions').where('id', '=', session.id).execute()
  }
  t.diagnostic(
    `${runsOn(t.dialect)} sessions, ${ended} ended, ${reported} with token.shared: ${JSON.stringify(outcomes)}`,
  )
  return { outcomes, ended, reported }
}

const honest = {
  'six tabs and one jar': sixTabs,
  'a killed app': killedApp,
  'two backends and one store': twoBackends,
}

for (const [who, holder] of Object.entries(honest)) {
  test(`${who}: no honest end, HOLDERS_SEED=${SEED}`, async (t) => {
    if (DATABASE !== undefined && DATABASE !== t.dialect) return t.skip()
    const { outcomes, ended, reported } = await campaign(t, holder)
    assert.deepEqual([ended, reported], [0, 0])
    const reached = holder === killedApp ? ['rotated', 'replayed', 'late'] : ['rotated', 'replayed']
    for (const outcome of reached) assert.ok(Number(outcomes[outcome]) > 0, `never ${outcome}`)
  })
}

test('two networks that take turns within seconds: reported, and not ended for it, if the setting says so', async (t) => {
  if (DATABASE !== undefined && DATABASE !== t.dialect) return t.skip()
  const { outcomes } = await campaign(t, alternating, { sharedTokens: 'report' })
  assert.equal(outcomes['shared'], undefined)
})

const DELAYS = [0, SECOND, 29 * SECOND, 31 * SECOND, 5 * MINUTE, 26 * HOUR, 80 * HOUR]

test('a thief of the current token, in every order and distance: found at the second round at the latest', async (t) => {
  const { context, userId } = await openWorld(t)
  const [owner, thief] = [callerAt(1), callerAt(2)]
  const orders = t.dialect === 'sqlite' ? DELAYS : [0, 29 * SECOND, 31 * SECOND, 26 * HOUR]
  for (const first of ['owner', 'thief'])
    for (const second of ['owner', 'thief'])
      for (const inFirst of orders)
        for (const between of [0, SECOND, 31 * SECOND, 30 * MINUTE])
          for (const inSecond of orders) {
            context.clock.now = NOW
            const { refreshToken, session } = await logIn(context, userId)
            const { present, later, run } = simulation(context, SEED)
            // The owner has refreshed before: the stolen token is the owner's copy.
            const stolen = (await present(refreshToken, owner)).successor ?? ''
            const hands = { owner: stolen, thief: stolen }
            const said: string[] = []
            const act = async (who: string) => {
              const { outcome, successor } = await present(
                who === 'owner' ? hands.owner : hands.thief,
                who === 'owner' ? owner : thief,
              )
              said.push(`${who} ${outcome}`)
              if (successor !== undefined) hands[who === 'owner' ? 'owner' : 'thief'] = successor
            }
            const other = (who: string) => (who === 'owner' ? 'thief' : 'owner')
            later(MINUTE, () => act(first))
            later(MINUTE + inFirst, () => act(other(first)))
            later(MINUTE + inFirst + between, () => act(second))
            later(MINUTE + inFirst + between + inSecond, () => act(other(second)))
            await run()
            const row = context.db.selectFrom('sessions').select('revoked_at').where('id', '=', session.id)
            const { revoked_at } = await row.executeTakeFirstOrThrow()
            assert.ok(revoked_at !== null, `not found: ${said}, ${[inFirst, between, inSecond]}`)
            await context.db.deleteFrom('sessions').where('id', '=', session.id).execute()
          }
})

test('a thief of a superseded or skipped token: found when the owner refreshes next', async (t) => {
  const { context, userId } = await openWorld(t)
  const [owner, thief] = [callerAt(1), callerAt(2)]
  for (const absence of [31 * SECOND, 5 * HOUR, 70 * HOUR]) {
    for (const isSkipped of [false, true]) {
      context.clock.now = NOW
      const { refreshToken, session } = await logIn(context, userId)
      const { present, later, run } = simulation(context, SEED)
      const said: string[] = []
      const act = async (token: string | undefined, who: typeof owner) => {
        const answer = await present(token ?? '', who)
        said.push(answer.outcome)
        return answer.successor
      }
      // The owner's answer is lost with the process, and the owner comes back late.
      let lost: string | undefined
      let current: string | undefined
      later(0, async () => {
        lost = await act(refreshToken, owner)
      })
      later(absence, async () => {
        current = await act(refreshToken, owner)
      })
      later(absence + MINUTE, async () => void (await act(isSkipped ? lost : refreshToken, thief)))
      later(absence + 2 * MINUTE, async () => void (await act(current, owner)))
      await run()
      assert.deepEqual(said.slice(0, 2), ['rotated', 'late'])
      const row = context.db.selectFrom('sessions').select('revoked_at').where('id', '=', session.id)
      assert.ok((await row.executeTakeFirstOrThrow()).revoked_at !== null, `not found: ${said}`)
      await context.db.deleteFrom('sessions').where('id', '=', session.id).execute()
    }
  }
})
