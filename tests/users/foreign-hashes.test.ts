import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { test } from 'node:test'
import { hash as bcrypt } from '@node-rs/bcrypt'
import type { Work } from '../../src/store/queries/foreign-hashes.ts'
import type { ForeignHash } from '../../src/users/hashes/foreign-hash.ts'
import { isFault } from '../../src/users/hashes/foreign-hash.ts'
import { keptForm, parseForeign } from '../../src/users/hashes/parse.ts'
import { createPasswords } from '../../src/users/passwords.ts'
import { vectors } from './hashes/vectors.ts'

const passwords = createPasswords({ memory: 256, iterations: 1 })

function known(hash: string): ForeignHash {
  const parsing = parseForeign(keptForm(hash))
  assert.ok(!isFault(parsing), `${hash}: ${JSON.stringify(parsing)}`)
  return parsing
}

function faultOf(hash: string) {
  const parsing = parseForeign(keptForm(hash))
  assert.ok(isFault(parsing), hash)
  return parsing
}

const vectorOf = (by: RegExp) => {
  const vector = vectors.find((one) => by.test(one.by))
  assert.ok(vector !== undefined, String(by))
  return vector
}

test('hashes of other libraries are verified as these verify them', async () => {
  assert.ok(vectors.length > 100)
  for (const { by, hash, password } of vectors) {
    const kept = keptForm(hash)
    assert.equal(await passwords.verify(kept, password), true, `${by}: ${hash}`)
    for (const wrong of [password.slice(1), `${password[0]}${password}`, password.toUpperCase(), ' '])
      assert.equal(await passwords.verify(kept, wrong), false, `${by}: ${hash} with ${wrong}`)
  }
})

test('a password counts as it is typed: the other system knew no NFC', async () => {
  const isFolded = ({ password }: { readonly password: string }) => password !== password.normalize('NFC')
  const decomposed = vectors.filter(isFolded)
  assert.ok(decomposed.length > 20)
  for (const { by, hash, password } of decomposed)
    assert.equal(await passwords.verify(keptForm(hash), password.normalize('NFC')), false, by)
})

test('our own hashes and those of others with the same name are told apart', async () => {
  const { hash, password } = vectors.find(
    (one) => one.by.includes('argon2id') && one.password !== one.password.normalize('NFC'),
  ) ?? { hash: '', password: '' }
  assert.match(hash, /^\$argon2id\$/)
  assert.match(keptForm(hash), /^argon2\$argon2id\$/)
  // As one of ours it would be compared with the NFC.
  assert.equal(await passwords.verify(hash, password), false)
  assert.equal(await passwords.verify(keptForm(hash), password), true)
})

test('a verified password is hashed by us, whatever its hash cost', async () => {
  for (const { by, hash, password } of vectors) {
    const raised = await passwords.rehash(keptForm(hash), password)
    if (Buffer.byteLength(password) > 72 && /2[abxy]$|Django [\d.]+ bcrypt$|bcryptjs/.test(by)) {
      assert.equal(raised, undefined, by)
      continue
    }
    assert.match(raised ?? '', /^\$argon2id\$/, by)
    assert.equal(await passwords.verify(raised, password), true, by)
    // From now on, another device may compose the characters.
    assert.equal(await passwords.verify(raised, password.normalize('NFC')), true, by)
  }
})

test('bcrypt reads 72 bytes: what follows them is ignored, and such a hash is kept', async () => {
  const { hash, password } = vectors.find(
    ({ by, password }) => by === 'npm bcryptjs' && password.length > 72,
  ) ?? {
    hash: '',
    password: '',
  }
  // The 72nd byte is half of a character.
  assert.equal(Buffer.from(password).subarray(0, 72).toString().endsWith('\u{fffd}'), true)
  assert.equal(await passwords.verify(hash, `${password} more`), true)
  assert.equal(await passwords.verify(hash, `${'x'.repeat(71)}é`), true)
  assert.equal(await passwords.verify(hash, 'x'.repeat(71)), false)
  // Another device may know more of the password, or less.
  assert.equal(await passwords.rehash(hash, password), undefined)
})

test('NUL adds no second password', async () => {
  const words = 'correct horse battery staple'
  for (const by of [
    /bcryptjs/,
    /2b$/,
    /2x$/,
    /passlib pbkdf2_sha256/,
    /Werkzeug.*scrypt/,
    /firebase-scrypt/,
    /argon2id/,
  ]) {
    const vector = vectors.find((one) => by.test(one.by) && one.password === words)
    assert.ok(vector !== undefined)
    // bcrypt repeats the password and its NUL, and HMAC pads its key with NUL.
    for (const alike of [`${words}\0`, `${words}\0${words}`, `${words}\0more`])
      assert.equal(await passwords.verify(keptForm(vector.hash), alike), false, `${by}`)
  }
})

test('a hash with spare bits that are set has the same password', async () => {
  const { hash, password } = vectorOf(/bcryptjs/)
  const next = (text: string) => String.fromCharCode(text.charCodeAt(0) + 1)
  const salted = `${hash.slice(0, 28)}${next(hash.charAt(28))}${hash.slice(29)}`
  const ended = `${hash.slice(0, -1)}${next(hash.slice(-1))}`
  for (const one of [salted, ended]) {
    assert.notEqual(one, hash)
    assert.equal(await passwords.verify(one, password), true, one)
  }
})

const S = 'c2FsdHNhbHRzYWx0'
const D = 'A'.repeat(43)
const HEX = 'ab'.repeat(32)

test('a hash that would cost too much is refused before it is ever computed', () => {
  for (const hash of [
    `$argon2id$v=19$m=262145,t=1,p=1$${S}$${D}`,
    `$argon2id$v=19$m=999999999,t=1,p=1$${S}$${D}`,
    `$argon2id$v=19$m=262144,t=5,p=1$${S}$${D}`,
    `$argon2i$v=19$m=8192,t=999999999,p=1$${S}$${D}`,
    `$argon2i$v=19$m=8192,t=1,p=256$${S}$${D}`,
    `$2b$15$${'a'.repeat(53)}`,
    `$2y$31$${'a'.repeat(53)}`,
    `bcrypt_sha256$$2b$31$${'a'.repeat(53)}`,
    `pbkdf2_sha256$4000001$saltsalt$${S}${S}`,
    `pbkdf2:sha512:999999999$saltsalt$${HEX}`,
    // More than one block of output
    `pbkdf2:sha1:2000000$saltsalt$${HEX}${HEX}`,
    `$pbkdf2-sha256$999999999$${S}$${S}${S}`,
    `scrypt:2097152:8:1$saltsalt$${HEX}`,
    `scrypt:32768:8:99999$saltsalt$${HEX}`,
    `scrypt:32768:99999:1$saltsalt$${HEX}`,
    `scrypt$536870912$saltsalt$8$1$${S}${S}`,
    `$scrypt$ln=63,r=8,p=1$${S}$${D}`,
    `$fbscrypt$v=1,n=40,r=8,p=1,ss=Bw==,sk=${D}=$${S}$${D}=`,
    Buffer.concat([Buffer.from([1, 0, 0, 0, 1, 255, 255, 255, 255, 0, 0, 0, 16]), Buffer.alloc(48)]).toString(
      'base64',
    ),
  ]) {
    const { reason, message } = faultOf(hash)
    assert.equal(reason, 'too_large', hash)
    assert.match(message, /^Expected a hash of lower cost: .+ is at most \d+$/)
  }
})

test('fast digests, and what is no hash, are refused with a reason that does not repeat them', () => {
  const fast = [
    'ab'.repeat(16),
    'ab'.repeat(20),
    'AB'.repeat(32),
    'ab'.repeat(64),
    'md5$salt$abcdef',
    'unsalted_md5$$abcdef',
    'sha1$salt$abcdef',
    'sha256$salt$abcdef',
    '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
    '$1$saltsalt$abcdef',
  ]
  for (const hash of fast) assert.match(faultOf(hash).message, /^Is a fast digest/, hash)
  for (const hash of [
    '',
    'hunter2',
    '!unusable',
    '$6$saltsalt$abc',
    '$argon2id$',
    `$argon2id$v=19$m=65536,t=2,p=1$${S}`,
    '$2b$10$short',
    `$2c$10$${'a'.repeat(53)}`,
    'pbkdf2_sha256$1000$$abc',
    `pbkdf2:md5:1000$saltsalt$${HEX}`,
    `$scrypt$ln=14,r=8,p=1$${S}`,
    `$2b$10$${'a'.repeat(53)}\n`,
    'AQAAAAEAACcQ',
  ]) {
    const { reason, message } = faultOf(hash)
    assert.equal(reason, 'malformed', hash)
    if (hash !== '') assert.ok(!message.includes(hash))
  }
})

test('a digest or a salt that is too short is refused: other passwords would match it', () => {
  for (const hash of [
    'pbkdf2:sha256:1000$saltsalt$ab',
    `pbkdf2:sha256:1000$s$${HEX}`,
    `scrypt:1024:8:1$saltsalt$ab`,
    `$argon2id$v=19$m=64,t=2,p=1$${S}$AAAA`,
    `$pbkdf2-sha256$1000$${S}$AAAA`,
    `pbkdf2:sha256:1000$saltsalt$${'ab'.repeat(129)}`,
  ])
    assert.match(faultOf(hash).message, /^Expected a (salt|digest) of/, hash)
  for (const hash of [
    `$2b$03$${'a'.repeat(53)}`,
    `scrypt:1000:8:1$saltsalt$${HEX}`,
    `scrypt:1:8:1$saltsalt$${HEX}`,
  ])
    assert.equal(faultOf(hash).reason, 'malformed', hash)
})

test('whatever is accepted can be verified: no login fails because of its hash', async () => {
  const cheap = vectors.filter((_, index) => index % 6 === 0)
  for (const { hash } of cheap) {
    for (let at = 0; at < hash.length; at += 3) {
      for (const put of ['A', '0', '$', '', '=', '/']) {
        const parsing = parseForeign(keptForm(hash.slice(0, at) + put + hash.slice(at + 1)))
        if (isFault(parsing) || parsing.cost > 10_000) continue
        assert.equal(
          typeof (await parsing.verify('some password')),
          'boolean',
          `${hash} with ${put} at ${at}`,
        )
      }
    }
  }
})

const SALT = 'sixteen bytes...'
const ab64 = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '')

// Hashes that cost so much that what surrounds them is little
const EXPENSIVE: readonly string[] = [
  await bcrypt('a password', 8),
  `$pbkdf2-sha256$100000$${ab64(Buffer.from(SALT))}$${ab64(pbkdf2Sync('a password', SALT, 100_000, 32, 'sha256'))}`,
  `$scrypt$ln=12,r=8,p=1$${ab64(Buffer.from(SALT))}$${ab64(scryptSync('a password', SALT, 32, { N: 2 ** 12, r: 8, p: 1 }))}`,
]

for (const hash of EXPENSIVE)
  test(`a refusal does the same work for every user, where one has a hash of ${hash.slice(0, 8)}`, async () => {
    const own = await passwords.hash('a password of ours')
    const { family, cost } = known(hash)
    const work = async (of: string | undefined, foreign: Work) => {
      const before = process.cpuUsage()
      assert.equal(await passwords.verify(of, 'wrong', foreign), false)
      const { user, system } = process.cpuUsage(before)
      return user + system
    }
    // The least of eight, each in turn with the others, because other programs on the machine slow some of them down.
    const least = { foreign: Infinity, own: Infinity, unknown: Infinity, alone: Infinity }
    for (let round = 0; round < 8; round++) {
      least.foreign = Math.min(least.foreign, await work(hash, { [family]: cost }))
      least.own = Math.min(least.own, await work(own, { [family]: cost }))
      least.unknown = Math.min(least.unknown, await work(undefined, { [family]: cost }))
      least.alone = Math.min(least.alone, await work(undefined, {}))
    }
    // The work of the others left out would be a fraction, and done as well as its own it would be twice as much.
    for (const one of [least.own, least.foreign])
      assert.ok(one > least.unknown * 0.65 && one < least.unknown * 1.5, JSON.stringify(least))
    assert.ok(least.alone < least.unknown * 0.5, JSON.stringify(least))
  })

test('the libraries on this machine verify the vectors too', (t) => {
  const input = JSON.stringify(vectors)
  const python = spawnSync('/usr/bin/python3', [`${import.meta.dirname}/hashes/make.py`, '--verify'], {
    input,
  })
  if (python.status !== 0) return t.skip('Python or its packages are missing: see .ci/run')
  assert.deepEqual(JSON.parse(python.stdout.toString()), [])
})
