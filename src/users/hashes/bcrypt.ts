import { createHash } from 'node:crypto'
import { verify } from '@node-rs/bcrypt'
import type { HashParsing } from './foreign-hash.ts'
import { malformed, tooCostly } from './foreign-hash.ts'

// The base-2 logarithm of the rounds
const MOST = 14

// Bytes that bcrypt reads of a password, including the NUL that ends it
const READ = 72

// Django puts its name before, and hashes the password with SHA-256 first if that says so.
const BCRYPT = /^(?:bcrypt\$|(bcrypt_sha256)\$)?(\$2([abxy])\$(\d\d)\$)([./A-Za-z\d]{22})([./A-Za-z\d]{31})$/

// bcrypt's base64
const DIGITS = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** bcrypt, also as Django writes it. @returns undefined when the text is of another kind */
export function parseBcrypt(text: string): HashParsing | undefined {
  const [, prehash, settings, variant, rounds, salt, digest] = BCRYPT.exec(text) ?? []
  if (salt === undefined || digest === undefined) return undefined
  const log = Number(rounds)
  if (log < 4) return malformed('Expected a bcrypt hash with a cost of at least 4')
  if (log > MOST) return tooCostly('the cost of bcrypt', MOST)
  const hash = `${settings}${withoutSpareBits(salt, 4)}${withoutSpareBits(digest, 2)}`
  const isPrehashed = prehash !== undefined
  const keyOf = variant === 'x' ? withSignExtension : (bytes: Buffer) => bytes
  return {
    family: 'bcrypt',
    cost: 2 ** log,
    verify: (password) => verify(keyOf(Buffer.from(isPrehashed ? digestOf(password) : password)), hash),
    truncates: (password) => !isPrehashed && Buffer.byteLength(password) > READ,
  }
}

/** Some libraries set bits of the last character that belong to no byte. Ours finds no password for these. */
function withoutSpareBits(text: string, bits: number): string {
  const last = DIGITS.indexOf(text.slice(-1))
  return text.slice(0, -1) + DIGITS.charAt((last >> bits) << bits)
}

const digestOf = (password: string) => createHash('sha256').update(password).digest('hex')

/**
 * `$2x$` marks hashes of a version of crypt_blowfish that read bytes as signed numbers: a byte above 127 set all bytes to 255
 * that come before it in its group of four. The library treats `$2x$` as the others, so it gets what that version made of the
 * password: the 72 bytes that bcrypt reads, which repeat the password with its NUL.
 */
function withSignExtension(password: Buffer): Buffer {
  const key = Buffer.alloc(READ)
  for (let at = 0; at < READ; at++) {
    const byte = password[at % (password.length + 1)] ?? 0
    key[at] = byte
    if (byte > 127) key.fill(255, at - (at % 4), at)
  }
  return key
}
