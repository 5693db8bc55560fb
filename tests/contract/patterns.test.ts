/**
 * Patterns of the contract say the same in every language that a client may be generated for. What only some of them can
 * say is in `x-server-check`, for the service alone.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import * as schemas from '../../generated/schemas.ts'
import { contract, validator } from '../support/check-response.ts'

interface Text {
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly 'x-server-check'?:
    | { readonly pattern: string; readonly message: string }
    | { readonly format: 'ip' }
}

function texts(value: unknown): Text[] {
  if (typeof value !== 'object' || value === null) return []
  const inside = Object.entries(value).flatMap(([key, member]) => (key.startsWith('x-') ? [] : texts(member)))
  return 'pattern' in value || 'x-server-check' in value ? [value as Text, ...inside] : inside
}

const all = texts(contract)
const patterns = [...new Set(all.flatMap(({ pattern }) => pattern ?? []))]
const checks = all.flatMap(({ pattern, 'x-server-check': check }) =>
  check !== undefined && 'pattern' in check && pattern !== undefined ? [{ check, pattern }] : [],
)

// Left out are \d, \w, \s, \b and case-insensitivity (Unicode in some languages, ASCII in others), \u and \p (unknown to
// some), groups, and `.`, which does not match the same characters everywhere.
const CHARACTER = String.raw`(?:[\w !~,:;@"<=/-]|\\[.\\/]|\\x[\dA-F]{2})`
const CLASS = String.raw`\[\^?(?:\.|${CHARACTER})+\]`
const PORTABLE = new RegExp(String.raw`^\^(?:(?:${CHARACTER}|${CLASS})(?:[+*]|\{\d+(?:,\d*)?\})?)+\$?$`)

test('every pattern is in the dialect that all languages share', () => {
  assert.ok(patterns.length > 3)
  for (const pattern of patterns) assert.match(pattern, PORTABLE)
  for (const own of ['^\\p{L}$', '^\\u0041$', '^\\d$', '^(?i)a$', '^(?=a)$', 'a', '^.$'])
    assert.doesNotMatch(own, PORTABLE)
})

const character = fc.oneof(
  fc.constantFrom(
    '\0',
    '\t',
    '\n',
    ' ',
    '\x7f',
    '\x85',
    '\xa0',
    '\u115f',
    '\u200b',
    '\ufeff',
    '\ufffd',
    '🦊',
    'é',
    '٣',
  ),
  fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 1 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
)
const text = fc.string({ unit: character, maxLength: 12 })

test('what passes a check of the server passes the pattern, so no client refuses it', () => {
  assert.ok(checks.length > 2)
  for (const { check, pattern } of checks) {
    assert.ok(check.message.length > 0)
    const accepts = new RegExp(check.pattern, 'u')
    const isValid = validator({ type: 'string', pattern })
    fc.assert(
      fc.property(
        text.filter((one) => one.length > 0 && accepts.test(one)),
        (one) => isValid(one),
      ),
    )
  }
})

test('an address of either version passes the pattern, and no client refuses it', () => {
  const { OpenSessionRequest } = contract.components.schemas
  assert.ok(OpenSessionRequest !== undefined)
  const isValid = validator(OpenSessionRequest)
  const mapped = fc.ipV4().map((address) => `::ffff:${address}`)
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), mapped), (address) => {
      const { success } = schemas.zOpenUserSessionBody.safeParse({ address })
      return success && isValid({ address })
    }),
  )
  assert.equal(isValid({ address: 'localhost' }), false)
  // The longest: 45 characters
  assert.equal(isValid({ address: '0000:0000:0000:0000:0000:ffff:255.255.255.255' }), true)
})

/** Alternatives of values that are not objects */
function alternatives(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null) return []
  const { anyOf, oneOf } = value as Record<string, readonly object[]>
  const own = [...(anyOf ?? []), ...(oneOf ?? [])].filter((one) => 'type' in one && one.type !== 'object')
  return [...own, ...Object.values(value).flatMap(alternatives)]
}

test('texts have no alternatives, for which generators in other languages write types that do not exist', () => {
  assert.deepEqual(alternatives(contract), [])
  const planted = { properties: { address: { anyOf: [{ type: 'string', format: 'ipv4' }] } } }
  assert.equal(alternatives(planted).length, 1)
})

const hasPython = spawnSync('python3', ['--version']).status === 0

test('JavaScript without flags and Python agree on every pattern', { skip: !hasPython }, () => {
  const samples = fc
    .sample(text, { numRuns: 300, seed: 27 })
    .filter((one) => one.isWellFormed() && !one.endsWith('\n'))
  const program = `
import json, re, sys
patterns, samples = json.load(sys.stdin)
print(json.dumps([[re.search(p, s) is not None for s in samples] for p in patterns]))`
  const input = JSON.stringify([patterns, samples])
  const { stdout, stderr } = spawnSync('python3', ['-c', program], { input, encoding: 'utf8' })
  assert.equal(stderr, '')
  const verdicts = (flags: string) =>
    patterns.map((pattern) => samples.map((sample) => new RegExp(pattern, flags).test(sample)))
  assert.deepEqual(verdicts(''), verdicts('u'))
  assert.deepEqual(JSON.parse(stdout), verdicts('u'))
})
