/** HMAC-SHA256 of our own, held against RFC 4231 and node:crypto. */
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { hmacKey, hs256 } from '../../src/tokens/hmac.ts'

const bytes = (byte: number, count: number) => Buffer.alloc(count, byte)

// RFC 4231 §4.3 and §4.7: a short key, and one that is longer than a block. The others hash what is not ASCII.
const VECTORS = [
  [
    Buffer.from('Jefe'),
    'what do ya want for nothing?',
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  ],
  [
    bytes(0xaa, 131),
    'Test Using Larger Than Block-Size Key - Hash Key First',
    '60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54',
  ],
] as const

test('the test cases of RFC 4231', () => {
  for (const [key, text, expected] of VECTORS)
    assert.equal(Buffer.from(hs256(hmacKey(key), text), 'base64url').toString('hex'), expected)
})

test('keys of any bytes and of all lengths around a block, texts of any length', () => {
  for (let length = 1; length <= 130; length++) {
    const secret = randomBytes(length)
    const text = randomBytes(length * 3).toString('base64url')
    const expected = createHmac('sha256', secret).update(text).digest('base64url')
    assert.equal(hs256(hmacKey(secret), text), expected, `${secret.toString('hex')} ${text}`)
  }
})

test('one key, long texts and short ones after them', () => {
  const secret = randomBytes(32)
  const key = hmacKey(secret)
  // Around what a key has room for at first, and as long as a request may be.
  for (const length of [1023, 5, 1024, 1025, 0, 16_384, 300, 1024]) {
    const text = randomBytes(length).toString('base64url').slice(0, length)
    const expected = createHmac('sha256', secret).update(text).digest('base64url')
    assert.equal(hs256(key, text), expected, `${length} characters`)
  }
})
