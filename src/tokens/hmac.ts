/**
 * HMAC-SHA256 by two hashes, which take half the time of an Hmac of node:crypto: it makes two objects and asks OpenSSL by
 * name each time. `.github/adr/0013-hs256-by-node-crypto.md`.
 */
import { createHash, hash } from 'node:crypto'

/** RFC 2104 §2: "K XOR ipad", "K XOR opad", one character for each byte */
export interface Key {
  readonly inner: string
  readonly outer: string
}

// Bytes: B, of SHA-256
const BLOCK = 64

export function hmacKey(secret: Uint8Array): Key {
  const block = Buffer.alloc(BLOCK)
  // "Applications that use keys longer than B bytes will first hash the key using H"
  block.set(secret.length > BLOCK ? createHash('sha256').update(secret).digest() : secret)
  const padded = (pad: number) => String.fromCharCode(...block.map((byte) => byte ^ pad))
  return { inner: padded(0x36), outer: padded(0x5c) }
}

const sha256 = (bytes: string, encoding: 'binary' | 'base64url') =>
  hash('sha256', Buffer.from(bytes, 'latin1'), encoding)

/**
 * "H(K XOR opad, H(K XOR ipad, text))"
 *
 * @param text in ASCII: of other characters one could pass for another
 * @returns in base64url
 */
export const hs256 = ({ inner, outer }: Key, text: string): string =>
  sha256(outer + sha256(inner + text, 'binary'), 'base64url')
