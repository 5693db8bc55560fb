/** Lines of the log for people: what happened, to whom, in order, and nothing that a terminal would obey. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import pino from 'pino'
import type { LogLine } from '../../src/cli/terminal-log.ts'
import { forPeople, terminalLog } from '../../src/cli/terminal-log.ts'

const REQUEST = {
  msg: 'request',
  method: 'POST',
  route: '/refresh_token',
  status: 200,
  duration_ms: 21.4,
  request_id: 'r-1',
  address: '127.0.0.1',
}

test('requests and events', () => {
  const lines: readonly (readonly [LogLine, string])[] = [
    [{ ...REQUEST, event: 'token.rotated' }, 'POST /refresh_token 200 21 ms token.rotated ada'],
    [
      {
        ...REQUEST,
        status: 401,
        duration_ms: 0.2,
        refusal: 'token.refused',
        reason: 'expired',
        error: 'No.',
      },
      'POST /refresh_token 401 1 ms token.refused expired ada "No."',
    ],
    [{ ...REQUEST, route: '/*', path: '/auth/x', status: 404 }, 'POST /auth/x 404 21 ms ada'],
    [{ ...REQUEST, status: 503 }, 'POST /refresh_token 503 21 ms r-1 ada'],
    [{ msg: 'session.revoked', event: 'session.revoked', reason: 'logout' }, 'session.revoked logout ada'],
    [{ msg: 'request', status: 408, reason: 'ERR_HTTP_REQUEST_TIMEOUT' }, '408 ERR_HTTP_REQUEST_TIMEOUT ada'],
  ]
  for (const [line, expected] of lines) assert.equal(forPeople(line, 'ada').msg, expected)
  assert.doesNotMatch(forPeople({ ...REQUEST, path: '/\u001b[2J' }, 'a\u202e').msg ?? '', /[\p{Cc}\p{Cf}]/u)
  const other = { msg: 'pruned', sessions: 3 }
  assert.equal(forPeople(other, undefined), other)
})

test('in order, with names that are read once, and ids while they cannot be read', async () => {
  const printed: (string | undefined)[] = []
  const asked: string[] = []
  const answers = new Map([['u-1', 'ada']])
  const usernameOf = async (id: string) => {
    asked.push(id)
    if (id === 'u-2') throw new Error('the database is away')
    return answers.get(id)
  }
  const stream = terminalLog(({ msg }) => printed.push(msg), usernameOf)
  const log = pino({ base: null }, stream)
  const event = (user_id: string, event = 'session.opened') => log.info({ event, user_id }, event)
  event('u-1')
  log.info('between')
  event('u-1')
  event('u-2')
  answers.set('u-1', 'grace')
  event('u-1', 'user.renamed')
  event('u-3')
  stream.end()
  await once(stream, 'finish')
  assert.deepEqual(printed, [
    'session.opened ada',
    'between',
    'session.opened ada',
    'session.opened u-2',
    'user.renamed grace',
    'session.opened u-3',
  ])
  assert.deepEqual(asked, ['u-1', 'u-2', 'u-1', 'u-3'])
})
