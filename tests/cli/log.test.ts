/** Lines of the log: what is quicker than pino writes what pino would write. */
import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import pino from 'pino'
import { isoTime, withNativeJson } from '../../src/cli/log.ts'

function linesOf(wrap: (log: pino.Logger) => pino.Logger, work: (log: pino.Logger) => void): string[] {
  const lines: string[] = []
  const output = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk))
      done()
    },
  })
  work(wrap(pino({ base: null, timestamp: () => ',"time":"2026-11-29T00:00:00.000Z"' }, output)))
  return lines
}

// Of an error its stack says where it was made.
const error = Object.assign(new Error('no "room"'), { code: 'SQLITE_FULL', cause: new Error('a disk') })

function all(log: pino.Logger): void {
  log.info(
    { event: 'token.rotated', user_id: 'ada', reason: undefined, status: 200, duration_ms: 1.25 },
    'request',
  )
  log.warn(
    { reason: '"quoted"\\ \n\u0000 \u2028 é 😀 \ud800', address: null, none: Number.NaN, yes: true },
    'a "word"',
  )
  log.warn({ unknown: ['0009_later', { deep: [1, undefined] }], at: new Date(0) }, 'newer')
  log.info('stopped')
  log.info({}, 'nothing')
  log.error({ err: error, request_id: 'a' }, 'failed')
  log.error({ err: undefined }, 'no error')
  log.error(error, 'by itself')
  log.error(error)
  log.info({ signal: 'SIGTERM' })
  log.child({ part: 'a' }).info({ status: 200 }, 'a child')
}

test('each line is what pino makes of it', () => {
  const expected = linesOf((log) => log, all)
  assert.equal(expected.length, 11)
  assert.deepEqual(linesOf(withNativeJson, all), expected)
  for (const line of expected) JSON.parse(line)
})

test('the time of a line is that of its millisecond', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1 })
  for (const milliseconds of [0, 0, 1, 998, 0, 86_400_000]) {
    t.mock.timers.tick(milliseconds)
    assert.equal(isoTime(), pino.stdTimeFunctions.isoTime())
  }
})
