/** `docs/adr/0003-one-row-per-session.md`: a rotation is one compare-and-swap without a read before it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { addUser, logIn, openContext } from '../support/session-context.ts'
import { beginningsOf, recordStatements } from './statements.ts'

const ROTATION = /^update "sessions" set "generation" = .* returning /
const TOUCH = /^update "sessions" set "refreshed_at" = .* returning /
const READ = /^with "subject" as .* left join "sessions" /
const REVOCATION = /^update "sessions" set "revoked_at" = /
const EVENTS = /^insert into "events" /
const HASTEN = /^update "events" set "lane" = /

const FEED = /^insert into "feed"/

test('what each refresh costs: the statements, in order', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  const first = await logIn(context, await addUser(context.db))

  // Under load, these commits are shared with others: see shared-commits.test.ts.
  const FRAME = new Set([
    'begin',
    'begin immediate',
    'savepoint work',
    'release work',
    'commit',
    'pragma wal_checkpoint(noop)',
  ])

  async function executed(
    refreshToken: string,
    expected: string,
    patterns: readonly RegExp[],
    rotation = true,
  ) {
    recording.executed.length = 0
    const settings = { ...context.settings, rotation }
    const result = await refresh({ ...context, settings }, refreshToken, () => OPERATOR)
    assert.equal(result.outcome, expected)
    const statements = recording.executed.map(({ sql }) => sql).filter((sql) => !FRAME.has(sql))
    assert.equal(statements.length, patterns.length, statements.join('\n'))
    for (const [index, pattern] of patterns.entries()) assert.match(statements[index] ?? '', pattern)
    return 'refreshToken' in result ? (result.refreshToken ?? '') : ''
  }

  const second = await executed(first.refreshToken, 'rotated', [ROTATION])
  await executed(first.refreshToken, 'replayed', [ROTATION, READ])
  await executed(second, 'refreshed', [TOUCH], false)
  await executed(second, 'rotated', [ROTATION])
  await executed(first.refreshToken, 'reused', [ROTATION, READ, REVOCATION, EVENTS, HASTEN, FEED])
  await executed(second, 'revoked', [ROTATION, READ])
  await executed(`${second}x`, 'invalid', [])
  context.clock.now += context.settings.refreshTokenTtl
  await executed(second, 'expired', [])
})

test('an exchange writes first: the row is the lock', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  const { accessToken } = await logIn(context, await addUser(context.db))
  recording.executed.length = 0
  assert.equal((await exchange(context, accessToken, () => OPERATOR)).outcome, 'exchanged')
  assert.deepEqual(beginningsOf(recording.executed), [
    'begin immediate',
    'savepoint work',
    'update "sessions" set',
    'insert into "revoked_tokens"',
    'release work',
    'commit',
  ])
})

test('statements are prepared once: 1,000 refreshes prepare nothing new', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  const opened = await logIn(context, await addUser(context.db))
  let token = opened.refreshToken
  const next = async () => {
    const result = await refresh(context, token, () => OPERATOR)
    assert.ok(result.outcome === 'rotated' && result.refreshToken !== undefined)
    token = result.refreshToken
  }
  await next()
  const prepared = recording.prepared.length
  recording.executed.length = 0
  for (let count = 0; count < 1000; count++) {
    context.clock.now += 1
    await next()
  }
  assert.equal(recording.prepared.length, prepared)
  assert.equal(recording.executed.filter(({ sql }) => ROTATION.test(sql)).length, 1000)
  const others = recording.executed.map(({ sql }) => sql).filter((sql) => !ROTATION.test(sql))
  assert.deepEqual([...new Set(others)], ['begin immediate', 'commit'])
})
