/** What a person sees: browsers instead of user agents, lines that fit, and a progress that leaves nothing behind. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createProgress } from '../../src/cli/progress.ts'
import { deviceName, fit, localTime, tableFor, widthOf } from '../../src/cli/terminal.ts'

describe('devices', () => {
  const WEBKIT = 'AppleWebKit/537.36 (KHTML, like Gecko)'
  const names: readonly (readonly [string, string])[] = [
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/140.0.0.0 Safari/537.36`,
      'Chrome on Windows',
    ],
    [
      `Mozilla/5.0 (Windows NT 10.0; Win64; x64) ${WEBKIT} Chrome/140.0 Safari/537.36 Edg/140.0`,
      'Edge on Windows',
    ],
    ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox on Linux'],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1 Version/18.5 Mobile/15E Safari/604.1',
      'Safari on iOS',
    ],
    [
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605 Version/18.5 Safari/605',
      'Safari on macOS',
    ],
    [
      `Mozilla/5.0 (Linux; Android 15; Pixel 9) ${WEBKIT} Chrome/140.0 Mobile Safari/537.36`,
      'Chrome on Android',
    ],
    ['curl/8.14.1', 'curl/8.14.1'],
    ['', ''],
  ]
  for (const [userAgent, expected] of names)
    test(expected || 'none', () => assert.equal(deviceName(userAgent), expected))
})

test('times: of this half year to the minute, of others the day', () => {
  const now = new Date(2026, 10, 30, 8, 5).getTime()
  assert.equal(localTime(now, now), 'Nov 30 08:05')
  assert.equal(localTime(new Date(2025, 10, 3).getTime(), now), '2025-11-03')
})

test('texts are cut by the columns that they take', () => {
  assert.equal(fit('abcdef', 6), 'abcdef')
  assert.equal(fit('abcdefg', 6), 'abcde…')
  assert.equal(widthOf('日本語'), 6)
  assert.equal(fit('日本語', 5), '日本…')
  assert.equal(widthOf('e\u0301'), 1)
})

test('tables fit: columns are left out by rank, then the widest is cut', () => {
  const columns = [
    { head: 'ID', cell: ({ id }: Row) => id, rank: 0 },
    { head: 'NAME', cell: ({ name }: Row) => name, rank: 1 },
    { head: 'EXTRA', cell: () => 'x'.repeat(30), rank: 2 },
  ]
  interface Row {
    readonly id: string
    readonly name: string
  }
  const rows = [
    { id: 'i'.repeat(36), name: 'ada' },
    { id: 'j'.repeat(36), name: `b\u001b[2J${'b'.repeat(30)}` },
  ]
  const heads: string[] = []
  for (const width of [200, 80, 40, 20]) {
    const { head, line } = tableFor(columns, rows, width)
    heads.push(head.replaceAll(/ +/g, ' '))
    for (const row of rows) {
      assert.ok(widthOf(line(row)) <= width, line(row))
      assert.doesNotMatch(line(row), /\p{Cc}/u)
    }
  }
  assert.deepEqual(heads, ['ID NAME EXTRA', 'ID NAME', 'ID', 'ID'])
})

test('progress: on a terminal alone, and cleared at the end', () => {
  const record = (isTTY: boolean) => {
    let written = ''
    const output = { isTTY, write: (text: string) => (written += text) } as unknown as NodeJS.WriteStream
    const progress = createProgress(output)
    progress.showNow('copying')
    for (let rows = 0; rows < 1000; rows++) progress.show(`${rows} rows`)
    progress.end()
    return written
  }
  assert.equal(record(false), '')
  const shown = record(true)
  assert.ok(shown.startsWith('\r\u001b[Kcopying') && shown.endsWith('\r\u001b[K'))
  assert.ok(shown.split('\r').length < 20, 'not for every row')
})
