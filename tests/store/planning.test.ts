/**
 * SQLite plans some statements again whenever a value is bound, to look at the values that a join's columns are compared
 * with. Planning takes several times as long as the statement. Our statements are written so that it does not.
 */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import SQLite from 'better-sqlite3'
import { authenticate } from '../../src/sessions/authenticate.ts'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { addUser, logIn, openContext } from '../support/session-context.ts'
import { recordStatements } from './statements.ts'

const RUNS = 300

/** Microseconds, the best of five rounds */
function timed(work: () => void): number {
  const rounds = Array.from({ length: 5 }, () => {
    const begun = performance.now()
    for (let run = 0; run < RUNS; run++) work()
    return ((performance.now() - begun) * 1000) / RUNS
  })
  return Math.min(...rounds)
}

test('no statement of a request is planned anew', async (t) => {
  const recording = recordStatements(t)
  const context = await openContext(t)
  const { accessToken, refreshToken } = await logIn(context, await addUser(context.db))
  recording.executed.length = 0
  await authenticate(context, accessToken)
  await refresh(context, refreshToken, () => OPERATOR)
  assert.equal((await refresh(context, refreshToken, () => OPERATOR)).outcome, 'replayed')
  await exchange(context, accessToken, () => OPERATOR)
  assert.equal((await exchange(context, accessToken, () => OPERATOR)).outcome, 'replayed')

  const database = new SQLite(context.file)
  t.after(() => database.close())
  const statements = new Map(recording.executed.map(({ sql, parameters }) => [sql, parameters]))
  let checked = 0
  for (const [text, parameters] of statements) {
    if (!/^(select|update|insert|with)/.test(text)) continue
    database.exec('begin')
    const statement = database.prepare<unknown[]>(text)
    let count = 0
    const running = timed(() => {
      // Different values each time, which match no row.
      const values = parameters.map((value) => (typeof value === 'string' ? `${value}${count}` : value))
      count++
      if (statement.reader) statement.all(values)
      else statement.run(values)
    })
    const planning = timed(() => database.prepare(text))
    database.exec('rollback')
    t.diagnostic(`${running.toFixed(1)} µs, planned in ${planning.toFixed(1)} µs: ${text.slice(0, 60)}`)
    assert.ok(running < planning / 2, `${running} of ${planning} µs: ${text}`)
    checked++
  }
  assert.ok(checked >= 6, `${checked} statements`)
})
