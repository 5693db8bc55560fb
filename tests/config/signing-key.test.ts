/** Keys that an operator gives: what is taken, and the one line that says what is wrong. */
import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readServiceSettings, SettingsError } from '../../src/config/settings.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { fresh } from './fresh.ts'
import { PEM, pemOf } from './pem.ts'
import { strong } from './rows.ts'

const service = { ...fresh().env, JWT_SECRET_KEY: strong }

const { ES256: EC, RS256: RSA } = PEM

const read = (env: Record<string, string>) =>
  readServiceSettings({ ...service, ACCESS_TOKEN_ALGORITHM: 'ES256', ...env }).secrets.signing

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    read(env)
  } catch (error) {
    assert(error instanceof SettingsError)
    return error.mistakes
  }
  return assert.fail('no mistake')
}

test('PEM of all kinds, and JWK', () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const texts = [
    pair.privateKey.export({ type: 'pkcs8', format: 'pem' }),
    pair.privateKey.export({ type: 'sec1', format: 'pem' }),
    JSON.stringify(pair.privateKey.export({ format: 'jwk' })),
    JSON.stringify({ ...pair.privateKey.export({ format: 'jwk' }), kid: 'mine', use: 'sig' }, null, 2),
  ]
  for (const text of texts) assert.equal(read({ JWT_SIGNING_KEY: String(text) })?.current.algorithm, 'ES256')
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  })
  const env = { ACCESS_TOKEN_ALGORITHM: 'RS256', JWT_SIGNING_KEY: String(rsa) }
  assert.equal(read(env)?.current.algorithm, 'RS256')
})

test('a key that is weak, of another kind, public, encrypted, or none stops the start with one line', () => {
  const encrypted = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' })
    .toString()
  const cases: Readonly<Record<string, string>> = {
    'is RSA with 1024 bits': pemOf(generateKeyPairSync('rsa', { modulusLength: 1024 })).privateKey,
    'is ec secp384r1': pemOf(generateKeyPairSync('ec', { namedCurve: 'P-384' })).privateKey,
    'is ec secp256k1': pemOf(generateKeyPairSync('ec', { namedCurve: 'secp256k1' })).privateKey,
    'is rsa-pss': pemOf(generateKeyPairSync('rsa-pss', { modulusLength: 2048 })).privateKey,
    'is ed448': pemOf(generateKeyPairSync('ed448')).privateKey,
    'is a key of RS256, so ACCESS_TOKEN_ALGORITHM must be RS256': RSA.privateKey,
    'is a public key, and must be a private one': EC.publicKey,
    'is encrypted with a passphrase': encrypted,
    'is a symmetric key': '{"kty":"oct","k":"AAAA"}',
    'is a set of keys': '{"keys":[]}',
    'must be a key in PEM or a JWK': EC.privateKey.slice(0, 80),
  }
  for (const [says, key] of Object.entries(cases)) {
    const [line = '', ...others] = mistakes({ JWT_SIGNING_KEY: key })
    assert.ok(line.startsWith(`JWT_SIGNING_KEY ${says}`), `${says}: ${line}`)
    assert.deepEqual(others, [])
    for (const part of key.split('\n').slice(1, -2)) assert.ok(!line.includes(part))
  }
})

test('the next key is public: its private half is refused where only the other is needed', () => {
  const [line = ''] = mistakes({ JWT_SIGNING_KEY: EC.privateKey, JWT_SIGNING_KEY_NEXT: RSA.privateKey })
  assert.match(line, /^JWT_SIGNING_KEY_NEXT is a private key, and must be a public one/)
  assert.equal(
    read({ JWT_SIGNING_KEY: EC.privateKey, JWT_SIGNING_KEY_NEXT: RSA.publicKey })?.next?.algorithm,
    'RS256',
  )
})

test('a file that cannot be read', () => {
  const file = join(temporaryDirectory('key'), 'key.pem')
  assert.match(
    String(mistakes({ JWT_SIGNING_KEY_FILE: file })),
    /^JWT_SIGNING_KEY_FILE names a file that cannot be read \(ENOENT\)/,
  )
  writeFileSync(file, EC.privateKey)
  assert.equal(read({ JWT_SIGNING_KEY_FILE: file })?.current.algorithm, 'ES256')
})

test('on the way back to HS256 the key stays, with a warning', () => {
  const { warnings } = readServiceSettings({
    ...service,
    ACCESS_TOKEN_ALGORITHM: 'HS256',
    JWT_SIGNING_KEY: EC.privateKey,
  })
  assert.match(warnings.join(), /JWT_SIGNING_KEY only signs until HS256 takes over/)
})
