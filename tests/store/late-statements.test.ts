/** PostgreSQL runs a statement long after its client got 503: when the grace window begins. */

import assert from 'node:assert/strict'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import type { DialectContext } from '../support/database.ts'
import { MINUTE } from '../support/service.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, openContext, storedRows } from '../support/session-context.ts'
import { onPostgres } from './crossing.ts'

const SECOND = 1000

type Grant = Awaited<ReturnType<typeof logIn>>

interface Operation {
  /** The stored time at which each successor began */
  readonly begun: (rows: Awaited<ReturnType<typeof storedRows>>) => readonly number[]
  readonly ask: (context: StoreContext, grant: Grant) => Promise<{ outcome: string; successor: unknown }>
}

const operations: Readonly<Record<string, Operation>> = {
  rotated: {
    begun: ({ sessions }) => sessions.map((session) => session.rotated_at),
    async ask(context, grant) {
      const result = await refresh(context, grant.refreshToken, () => OPERATOR)
      return { outcome: result.outcome, successor: 'refreshToken' in result && result.refreshToken }
    },
  },
  exchanged: {
    begun: ({ revokedTokens }) => revokedTokens.map((token) => token.revoked_at),
    async ask(context, grant) {
      const result = await exchange(context, grant.accessToken, () => OPERATOR)
      return { outcome: result.outcome, successor: 'accessToken' in result && result.accessToken }
    },
  },
}

async function openScene(
  t: DialectContext,
  outcome: string,
  operation: Operation,
  at: number,
  count: number,
) {
  const context = await openContext(t)
  context.clock.now = at
  const grants: Grant[] = []
  while (grants.length < count) {
    grants.push(await logIn(context, await addUser(context.db, `ada${grants.length}`)))
  }
  const askAll = () => Promise.all(grants.map((grant) => operation.ask(context, grant)))
  const first = await askAll()
  for (const result of first) assert.equal(result.outcome, outcome)
  return { context, askAll, first, begun: operation.begun(await storedRows(context.db)) }
}

for (const [outcome, operation] of Object.entries(operations)) {
  for (const count of [1, 2]) {
    const what = `${outcome} ${count === 1 ? 'alone' : 'with another'}`

    onPostgres(`${what}, 40 s late: the grace of 30 s begins when it was taken up`, async (t) => {
      const asked = Date.now() - 40 * SECOND
      const { context, askAll, first, begun } = await openScene(t, outcome, operation, asked, count)
      const taken = Date.now()
      for (const time of begun) assert.ok(Math.abs(taken - time) < 5 * SECOND, `${taken - time} ms ago`)
      context.clock.now = taken + 20 * SECOND
      const replayed = first.map(({ successor }) => ({ outcome: 'replayed', successor }))
      assert.deepEqual(await askAll(), replayed)
      // The window is not longer either.
      context.clock.now = taken + 40 * SECOND
      const isLate = outcome === 'rotated'
      for (const again of await askAll()) assert.equal(again.outcome, isLate ? 'late' : 'reused')
    })

    onPostgres(
      `${what}: a clock of the database that is minutes ahead moves the window, and both its ends`,
      async (t) => {
        const { context, askAll, first } = await openScene(
          t,
          outcome,
          operation,
          Date.now() - 2 * MINUTE,
          count,
        )
        const replayed = first.map(({ successor }) => ({ outcome: 'replayed', successor }))
        context.clock.now += SECOND
        assert.deepEqual(await askAll(), replayed)
        // Set back until the clock of the database is not believed: the window has not begun.
        context.clock.now -= 120 * MINUTE
        for (const again of await askAll()) assert.equal(again.outcome, 'reused')
      },
    )

    onPostgres(`${what}: what is answered in time began when it was asked`, async (t) => {
      const asked = Date.now() - SECOND
      const { begun } = await openScene(t, outcome, operation, asked, count)
      assert.deepEqual(begun, Array(count).fill(asked))
    })

    onPostgres(`${what}: a clock of the database that is hours ahead is not believed`, async (t) => {
      const asked = Date.now() - 120 * MINUTE
      const { begun } = await openScene(t, outcome, operation, asked, count)
      assert.deepEqual(begun, Array(count).fill(asked))
    })
  }
}
