/**
 * Histories of the service, compared with a small model of `docs/invariants.md` and `docs/glossary.md`. Whatever happens
 * in whatever order, the model predicts each response and each row. For requests that were in flight at once, it predicts
 * them for some order of their steps.
 *
 * A long campaign: npm run histories -- --runs 10000
 */

import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { commands, prelude } from './histories/commands.ts'
import { checkLeaves, checkNothingDeadIsAccepted } from './histories/invariants.ts'
import type { History } from './histories/world.ts'
import { LENIENT, openWorld } from './histories/world.ts'
import { Model } from './model.ts'

// The rules are the same on PostgreSQL, where histories take longer.
const RUNS = { sqlite: effort(40, 1000), postgres: effort(12, 150) }
const GIVEN = process.env['HISTORIES_RUNS']
const DATABASE = process.env['HISTORIES_DATABASE']
const SEED = Number(process.env['HISTORIES_SEED'] ?? 20261122)
const START = Date.UTC(2026, 10, 22, 8, 0, 0, 123)

/**
 * Lines of the rules that the histories must reach: otherwise they prove nothing about them. `reported` is not among them,
 * because a thousand do not reach it: marked-copies.test.ts does.
 */
const LINES: Readonly<Record<string, readonly string[]>> = {
  '/refresh_token': [
    ...[
      'rotated',
      'refreshed',
      'replayed',
      'late',
      'shared',
      'reused',
      'ahead',
      'forked',
      'expired',
      'over',
      'unknown user',
    ],
    ...['inactive user', 'superseded', 'crossed'],
  ],
  '/api/auth/refresh': [
    ...['exchanged', 'replayed', 'reused', 'past the window', 'past its deadline', 'over', 'disabled'],
    ...['unknown user', 'inactive user', 'superseded', 'confined', 'crossed', 'revoked key'],
  ],
  '/api/auth/me': [
    'known',
    'expired',
    'exchanged',
    'over',
    'unknown user',
    'inactive user',
    'crossed',
    'revoked key',
  ],
  '/api/auth/login': ['opened', 'credentials', 'inactive user'],
  '/api/auth/logout': ['ended', 'over already', 'past the window'],
  '/api/auth/logout_all': ['ended', 'exchanged', 'over'],
  '/api/auth/password': ['changed', 'repeated', 'superseded', 'password', 'exchanged', 'over'],
  '/api/auth/sessions': ['listed'],
  '/api/auth/sessions/{id}': ['ended', 'no such session', 'over'],
}

test(`histories, HISTORIES_SEED=${SEED}`, async (t) => {
  if (DATABASE !== undefined && DATABASE !== t.dialect) return t.skip()
  const runs = GIVEN === undefined ? RUNS[t.dialect] : Number(GIVEN)
  const world = await openWorld(t)
  let begun = 0

  const property = fc.asyncProperty(
    fc.commands(commands, { maxCommands: 40, size: 'max' }),
    async (steps) => {
      const prefix = `${begun++}-`
      const history: History = { world, prefix, journal: [], texts: new Map(), generations: new Map() }
      const model = new Model(START, LENIENT)
      world.service.clock.now = START
      await world.service.core.signingKeys.update()
      try {
        await fc.asyncModelRun(() => ({ model, real: history }), [...prelude, ...steps])
        await checkNothingDeadIsAccepted(model, history)
        await checkLeaves(model, history)
      } catch (error) {
        throw new Error(`${error}\nThe history:\n${history.journal.join('\n')}`, { cause: error })
      }
    },
  )
  await fc.assert(property, { numRuns: runs, seed: SEED })
  const answers = [...world.reached.values()].reduce((sum, count) => sum + count, 0)
  t.diagnostic(`${begun} histories, ${answers} answers, ${world.together} times several at once`)

  const expected = Object.entries(LINES).flatMap(([path, whys]) => whys.map((why) => `${path} ${why}`))
  const missed = expected.filter((line) => !world.reached.has(line))
  if (begun >= 500) assert.deepEqual(missed, [], 'lines that no history reached')
})
