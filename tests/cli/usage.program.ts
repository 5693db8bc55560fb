import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { done, rekindle } from '../support/program.ts'
import { fileOf, freshDatabase } from './fixtures.ts'

const COMMANDS = [
  [],
  ['serve'],
  ['health'],
  ['conform'],
  ['migrate'],
  ['prune'],
  ['copy'],
  ['backup'],
  ['users'],
  ['users', 'add'],
  ['users', 'list'],
  ['users', 'password'],
  ['users', 'rename'],
  ['users', 'export'],
  ['users', 'deactivate'],
  ['users', 'activate'],
  ['users', 'remove'],
  ['sessions'],
  ['sessions', 'list'],
  ['sessions', 'explain'],
  ['sessions', 'revoke'],
  ['events'],
  ['keys'],
  ['keys', 'list'],
  ['keys', 'rotate'],
  ['keys', 'revoke'],
  ['secret'],
]

describe('--help', { concurrency: 4 }, () => {
  for (const command of COMMANDS) {
    test(['rekindle', ...command].join(' '), async () => {
      const { code, stdout, stderr } = await rekindle([...command, '--help'])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(`^Usage: ${['rekindle', ...command].join(' ')} `))
      assert.equal(stderr, '')
    })
  }

  test('of the program names every command', async () => {
    const { stdout } = await rekindle(['--help'])
    for (const command of [
      'serve',
      'conform',
      'migrate',
      'prune',
      'copy',
      'backup',
      'users',
      'sessions',
      'events',
      'keys',
      'secret',
    ]) {
      assert.match(stdout, new RegExp(`^  ${command}\\b`, 'm'))
    }
  })
})

test('--version', async () => {
  assert.deepEqual(await rekindle(['--version']), done(packageJson.version))
})

describe('wrong usage is exit code 2 and one line', { concurrency: 4 }, () => {
  const cases: [string[], RegExp][] = [
    [['user'], /^rekindle: unknown command 'user' \(Did you mean users\?\)$/],
    [['users', 'ad', 'ada'], /^rekindle: unknown command 'ad' \(Did you mean add\?\)$/],
    [['users', 'add'], /^rekindle: missing required argument 'username'$/],
    [['users', 'list', '--xml'], /^rekindle: unknown option '--xml'$/],
    [['sessions', 'list', '--user'], /^rekindle: option '--user <username>' argument missing$/],
    [['users', 'rename', 'ada'], /^rekindle: missing required argument 'new-username'$/],
    [['sessions', 'explain'], /^rekindle: required option '--user <username>' not specified$/],
    [['sessions', 'revoke'], /^rekindle: give either the id of a session, --user or --all$/],
    [
      ['sessions', 'revoke', 'x', '--user', 'ada'],
      /^rekindle: give either the id of a session, --user or --all$/,
    ],
    [['sessions', 'revoke', 'x', '--all'], /^rekindle: give either the id of a session, --user or --all$/],
    [['events', '--since', 'yesterday'], /^rekindle: --since must be 30m, 2h, 7d, or a time such as /],
    [['events', '--since', '2026-02-30'], /^rekindle: --since must be /],
    [['events', '--since', '2026-02-28T25:00:00Z'], /^rekindle: --since must be /],
    [['events', '--name', 'token.rotated'], /^rekindle: --name must be one of .*, login\.failed, /],
    [['events', '--limit', '0'], /^rekindle: --limit must be a whole number from 1 to 9999999$/],
    [['events', '--follow', '--limit', '5'], /^rekindle: --follow cannot be combined with --limit$/],
    [
      ['users', 'remove', 'ada'],
      /^rekindle: standard input is not a terminal: confirm the removal with --yes$/,
    ],
  ]
  for (const [args, expected] of cases) {
    test(args.join(' '), async (t) => {
      const { code, stdout, stderr } = await rekindle(args, freshDatabase(t))
      assert.match(stderr.trimEnd(), expected)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })
  }

  for (const args of [[], ['users'], ['sessions']]) {
    test(`no command after: rekindle ${args.join(' ')}`, async () => {
      const { code, stdout, stderr } = await rekindle(args)
      assert.match(stderr, /^Usage: /)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })
  }
})

describe('a password in argv is refused, and not repeated', { concurrency: 3 }, () => {
  for (const args of [['open: sesame'], ['--password', 'open: sesame'], ["--password=open: 'sesame'"]]) {
    test(args.join(' '), async (t) => {
      const database = freshDatabase(t)
      const { code, stdout, stderr } = await rekindle(
        ['users', 'add', 'ada', ...args],
        database,
        'correct horse\n',
      )
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
      assert.match(stderr, /^rekindle: (too many arguments for 'add'|unknown option '--password'$)/m)
      assert.doesNotMatch(stderr, /sesame/)
      assert.ok(!existsSync(fileOf(database)))
    })
  }
})

test('secret prints 32 random bytes as base64url, and nothing else', async () => {
  const [one, two] = await Promise.all([rekindle(['secret']), rekindle(['secret'])])
  assert.match(one.stdout, /^[A-Za-z0-9_-]{43}\n$/)
  assert.notEqual(one.stdout, two.stdout)
  assert.deepEqual([one.code, one.stderr], [0, ''])
})
