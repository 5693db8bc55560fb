/** The inventory of docs/security.md is that of the source: each use of a hash, a key or random numbers is in it. */
import assert from 'node:assert/strict'
import crypto from 'node:crypto'
import { globSync, readFileSync } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { test } from 'node:test'
import { verifyAccessToken } from '../../src/tokens/access-token.ts'
import { createTokenKeys } from '../../src/tokens/keys.ts'
import { sectionOf } from '../docs/pages.ts'
import { SECRET } from '../support/service.ts'
import { signJwt } from '../support/tokens.ts'

const sources = new Map(globSync('src/**/*.ts').map((file) => [file, readFileSync(file, 'utf8')]))
const inventory = sectionOf('docs/security.md', 'Keys and algorithms')

// Also `crypto.subtle`, `crypto.randomUUID()` and the like, which need no import
const USES =
  /from '(node:crypto|jose|node:tls|node:https|@node-rs\/(?:argon2|bcrypt))'|\bcrypto\.|\bMath\.random\(/

test('each file that uses cryptography or random numbers is in the inventory, and no other', () => {
  const using = [...sources].filter(([, text]) => USES.test(text)).map(([file]) => file)
  const listed = new Set([...inventory.matchAll(/`(src\/[^`]+\.ts)`/g)].map(([, file]) => file))
  assert.deepEqual([...listed].toSorted(), using.toSorted())
  assert.ok(using.length > 10)
})

// Where key pairs are made: those of the service, and those that clients prove.
const MAKING_KEYS = ['src/keys/sealed-key.ts', 'src/client/dpop.ts', 'src/conform/provocations/dpop.ts']
// Where they are used: also in proofs of clients, and in those that `rekindle conform` makes.
const SIGNING = [
  'src/tokens/algorithms.ts',
  ...['src/proofs/dpop.ts', 'src/proofs/dbsc-proof.ts'],
  ...['src/conform/provocations/dpop.ts', 'src/conform/provocations/devices.ts'],
]

test('SHA-256 is the only hash, and what makes or uses key pairs is in few places', () => {
  for (const [file, text] of sources) {
    for (const [, algorithm] of text.matchAll(/(?:createHash|createHmac|hkdfSync)\(\s*'([^']*)'/g))
      assert.equal(algorithm, 'sha256', file)
    // Firebase encrypts the key of a project with what comes from a password.
    if (file !== 'src/users/hashes/scrypt.ts') assert.doesNotMatch(text, /create(?:C|Dec)ipher/i, file)
    assert.doesNotMatch(text, /createSign\b|createVerify\b|diffieHellman/i, file)
    // What APIs import verifies with jose, and so are tokens of other systems. Both make no keys.
    if (!/^src\/(keys\/sealed-key\.ts|tokens\/foreign\.ts|verify\/)/.test(file))
      assert.doesNotMatch(text, /from 'jose'/, file)
    if (!MAKING_KEYS.includes(file)) assert.doesNotMatch(text, /generateKey/, file)
    if (!SIGNING.includes(file))
      assert.doesNotMatch(text, /import \{[^}]*\b(sign|verify)\b[^}]*\} from 'node:crypto'/, file)
  }
})

test('random numbers that are not of a CSPRNG spread delays, nothing else', () => {
  const using = [...sources].filter(([, text]) => text.includes('Math.random(')).map(([file]) => file)
  assert.deepEqual(using.toSorted(), [
    'src/client/request.ts',
    'src/events/deliver.ts',
    'src/verify/follow.ts',
  ])
})

test('signatures are compared whole, in a time that does not depend on them', (t) => {
  const compared: number[][] = []
  const { timingSafeEqual } = crypto
  t.mock.method(crypto, 'timingSafeEqual', (a: Buffer, b: Buffer) => {
    compared.push([a.length, b.length])
    return timingSafeEqual(a, b)
  })
  syncBuiltinESMExports()
  t.after(() => {
    t.mock.restoreAll()
    syncBuiltinESMExports()
  })
  const keys = createTokenKeys({ current: SECRET, previous: [], issuer: undefined, audience: undefined })
  const claims = { sub: 'u', sid: 's', jti: 'j', type: 'access', iat: 1, exp: 9 }
  const token = signJwt({ alg: 'HS256', typ: 'at+jwt' }, claims)
  const input = token.slice(0, token.lastIndexOf('.') + 1)
  const presented = [
    token,
    `${input}${'A'.repeat(43)}`,
    `${token.slice(0, -2)}AA`,
    `${input}${'A'.repeat(42)}`,
  ]
  assert.deepEqual(
    presented.map((text) => verifyAccessToken(keys, text, 2000).outcome),
    ['valid', 'invalid', 'invalid', 'invalid'],
  )
  assert.deepEqual(compared, [
    [43, 43],
    [43, 43],
    [43, 43],
  ])
})
