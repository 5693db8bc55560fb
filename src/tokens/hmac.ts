/**
 * HMAC-SHA256 by two hashes, which take half the time of an Hmac of node:crypto: it makes two objects and asks OpenSSL by
 * name each time. `docs/adr/0013-hs256-by-node-crypto.md`.
 */
import { createHash, hash } from 'node:crypto'

/** RFC 2104 §2. What is hashed is put together in these, again and again. */
export interface Key {
  /** "K XOR ipad", and room for a text */
  inner: Buffer
  /** "K XOR opad", and room for a hash */
  readonly outer: Buffer
}

// Bytes: B and L, of SHA-256
const BLOCK = 64
const LENGTH = 32
// Of a text that is as long as ours. Longer ones get more.
const ROOM = 1024

export function hmacKey(secret: Uint8Array): Key {
  const block = Buffer.alloc(BLOCK)
  // "Applications that use keys longer than B bytes will first hash the key using H"
  block.set(secret.length > BLOCK ? createHash('sha256').update(secret).digest() : secret)
  const padded = (pad: number, room: number) => Buffer.concat([block.map((byte) => byte ^ pad)], BLOCK + room)
  return { inner: padded(0x36, ROOM), outer: padded(0x5c, LENGTH) }
}

/**
 * "H(K XOR opad, H(K XOR ipad, text))"
 *
 * @param text in ASCII: of other characters one could pass for another
 * @returns in base64url
 */
export function hs256(key: Key, text: string): string {
  const end = BLOCK + text.length
  if (end > key.inner.length) key.inner = Buffer.concat([key.inner], end)
  key.inner.write(text, BLOCK, 'latin1')
  key.outer.write(hash('sha256', key.inner.subarray(0, end), 'binary'), BLOCK, 'latin1')
  return hash('sha256', key.outer, 'base64url')
}
