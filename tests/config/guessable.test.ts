import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { guessable } from '../../src/config/guessable.ts'
import { knownSecrets } from '../../src/config/known-secrets.ts'

// Without bias: by default fast-check prefers small numbers, which would not be random bytes.
const random = fc.noBias(fc.uint8Array({ minLength: 32, maxLength: 32 }))

for (const encoding of ['hex', 'base64', 'base64url'] as const) {
  test(`32 random bytes in ${encoding} are never guessable`, () => {
    const passes = (bytes: Uint8Array) => guessable(Buffer.from(bytes).toString(encoding)) === undefined
    fc.assert(fc.property(random, passes), { numRuns: 1000 })
  })
}

test('random UUIDs and random passwords pass', () => {
  const ascii = fc.noBias(fc.string({ unit: 'grapheme-ascii', minLength: 32, maxLength: 32 }))
  fc.assert(
    fc.property(fc.noBias(fc.uuid({ version: 4 })), (uuid) => guessable(uuid) === undefined),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(ascii, (password) => guessable(password) === undefined),
    { numRuns: 500 },
  )
})

test('a passphrase, and a random secret with a name, pass', () => {
  for (const secret of [
    'correct horse battery staple trombone velvet',
    'my-production-jwt-secret-Zk8vXq2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3MgRoViKt5',
    'Grüße an die Nachbarn im dritten Stock',
  ]) {
    assert.equal(guessable(secret), undefined, secret)
  }
})

test('bytes are counted, not characters', () => {
  assert.equal(guessable('qU8vXk2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3'), 'is shorter than 32 bytes')
  assert.equal(guessable('qU8vXk2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3!'), undefined)
  assert.equal(guessable('ключ от замка Б7-qX'), 'is shorter than 32 bytes')
  assert.equal(guessable('ключ от замка Б7-qX2'), undefined)
})

/** One reason for each family, spelt as they are found in the wild. */
const families: Readonly<Record<string, readonly string[]>> = {
  'fewer than 8': [
    'a'.repeat(40),
    'abc'.repeat(12),
    '0'.repeat(64),
    'aBcAbCcBaBcAbCcBaBcAbCcBaBcAbCcBaB',
    ' '.repeat(32),
  ],
  'a pattern': [
    'abcdefghijklmnopqrstuvwxyz0123456789',
    '0123456789abcdef0123456789abcdef',
    '12345678901234567890123456789012',
    'zyxwvutsrqponmlkjihgfedcba9876543210',
    'Password1Password1Password1Password1',
    'test1234-test1234-TEST1234-test1234!',
    'aabbccddeeffgghhiijjkkllmmnnooppqq',
    // Bytes 0 to 31, in hex and in base64; a piece of the "key generator" sequence that is in no list.
    '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
    'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
    'n2r5u8x/A%D*G-KaPdSgVkYp3s6v9y$B&E(H+MbQeThWmZq4',
    '743677397A24432646294A404E635266556A576E5A7234753778214125442A47',
  ],
  'is published': [
    ...knownSecrets.filter((known) => !/^[\w+/]{64}$/.test(known)).slice(0, 20),
    '09D25E094FAA6CA2556C818166B7A9563B93F7099F6F0F4CAA6CF63B88E8D3E7',
    '"super-secret-jwt-token-with-at-least-32-characters-long"',
    'your-super-secret-jwt-token-with-at-least-32-characters-long',
    'base64:RR++yx2rJ9kdxbdh3+AmbHLDQu+Q76i++co9Y8ybbno=123',
    // eladmin's and JHipster's, in base64.
    Buffer.from('my-secret-token-to-change-in-production\n').toString('base64'),
  ],
  'PEM block': [
    '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKC\n-----END PUBLIC KEY-----',
  ],
  Django: ['django-insecure-x7#k2vq!m9p$w3e8r5t1y6u4i0o', 'DJANGO-INSECURE-x7#k2vq!m9p$w3e8r5t1y6u4i0o'],
  'nothing has replaced': [
    '<paste the output of the generator here>',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: as an unexpanded env file has it
    '${REKINDLE_PRODUCTION_JWT_SECRET_KEY}',
    '{{ vault_rekindle_jwt_secret_of_2024 }}',
    '$(head -c 32 /dev/urandom | base64)',
    '`head -c 32 some-random-file-name`',
    'openssl rand -hex 32 > /run/secrets/jwt',
    'python -c "import secrets; print(secrets.token_urlsafe(32))"',
  ],
  'words that placeholders': [
    'change-me-please-change-me-now-ok',
    'your-secret-key-change-in-production-2024',
    'YOUR_SUPER_SECRET_JWT_KEY_GOES_HERE!',
    'ThisIsAVeryLongSecretKeyForJwtTokens',
    'this_should_be_a_long_random_string_1234567890',
    'supersecretsupersecretkeykeychangeit',
    'qwertyuiopasdfghjklzxcvbnm-secret-1q2w3e4r',
    Buffer.from('replace-this-with-your-own-secret-key').toString('base64url'),
  ],
}

for (const [reason, secrets] of Object.entries(families)) {
  test(`guessable: ${reason}`, () => {
    for (const secret of secrets) assert.match(guessable(secret) ?? 'passes', new RegExp(reason), secret)
  })
}

test('every listed secret is long enough to need its place, told apart, and refused', () => {
  assert.equal(new Set(knownSecrets).size, knownSecrets.length)
  for (const known of knownSecrets) {
    assert(Buffer.byteLength(known) >= 32, known)
    // The part that is left without punctuation must not occur in a random secret by chance.
    assert(known.replace(/[^a-z0-9]/gi, '').length >= 14, known)
    for (const spelling of [known, known.toUpperCase(), `${known}!`, `'${known}'`, `${known}2024`]) {
      assert.notEqual(guessable(spelling), undefined, spelling)
    }
  }
})
