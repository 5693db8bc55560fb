import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import type { HashParsing } from './foreign-hash.ts'
import { faultOfLengths, isSame, malformed, tooCostly } from './foreign-hash.ts'

const derive = promisify(pbkdf2)

// Iterations times blocks of output
const MOST = 4_000_000

const LENGTHS = { sha1: 20, sha256: 32, sha512: 64 } as const
type Digest = keyof typeof LENGTHS

// pbkdf2_sha256$iterations$salt$digest
const DJANGO = /^pbkdf2_(sha1|sha256)\$(\d{1,9})\$([^$]+)\$([\w+/]+={0,2})$/
// pbkdf2:sha256:iterations$salt$digest
const WERKZEUG = /^pbkdf2:(sha1|sha256|sha512):(\d{1,9})\$([^$]+)\$((?:[\da-f]{2})+)$/
// $pbkdf2-sha256$rounds$salt$digest, with `.` in the place of `+`. Without a name it is SHA-1.
const PASSLIB = /^\$pbkdf2(?:-(sha256|sha512))?\$(\d{1,9})\$([\w./]+)\$([\w./]+)$/

const ofPasslib = (text: string) => Buffer.from(text.replaceAll('.', '+'), 'base64')

/** Django, Werkzeug and passlib. @returns undefined when the text is of none of them */
export function parsePbkdf2(text: string): HashParsing | undefined {
  const django = DJANGO.exec(text)
  if (django !== null)
    return from(django, Buffer.from(django[3] ?? ''), Buffer.from(django[4] ?? '', 'base64'))
  const werkzeug = WERKZEUG.exec(text)
  if (werkzeug !== null)
    return from(werkzeug, Buffer.from(werkzeug[3] ?? ''), Buffer.from(werkzeug[4] ?? '', 'hex'))
  const passlib = PASSLIB.exec(text)
  if (passlib !== null) return from(passlib, ofPasslib(passlib[3] ?? ''), ofPasslib(passlib[4] ?? ''))
  return undefined
}

const from = ([, digest = 'sha1', iterations]: RegExpExecArray, salt: Buffer, expected: Buffer) =>
  hashOf(digest as Digest, Number(iterations), salt, expected)

const BY_NUMBER: readonly (Digest | undefined)[] = ['sha1', 'sha256', 'sha512']
const HEADER = 13

/**
 * ASP.NET Core Identity v3: base64 of 1, the number of the digest, the iterations, the length of the salt, all but the
 * first in 32 bits, the salt and the digest. And v2: 0, a salt of 16 bytes and a digest of 32.
 *
 * @returns undefined when the text is neither
 */
export function parseAspNet(text: string): HashParsing | undefined {
  if (!/^A[A-Q][\w+/]+={0,2}$/.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (bytes[0] === 0 && bytes.length === 49)
    return hashOf('sha1', 1000, bytes.subarray(1, 17), bytes.subarray(17))
  if (bytes[0] !== 1 || bytes.length < HEADER) return undefined
  const digest = BY_NUMBER[bytes.readUInt32BE(1)]
  const end = HEADER + bytes.readUInt32BE(9)
  if (digest === undefined || end > bytes.length)
    return malformed('Expected a whole hash of ASP.NET Identity')
  return hashOf(digest, bytes.readUInt32BE(5), bytes.subarray(HEADER, end), bytes.subarray(end))
}

function hashOf(digest: Digest, iterations: number, salt: Buffer, expected: Buffer): HashParsing {
  const fault = faultOfLengths(salt, expected)
  if (fault !== undefined) return fault
  if (iterations < 1) return malformed('Expected at least 1 iteration')
  const cost = iterations * Math.ceil(expected.length / LENGTHS[digest])
  if (cost > MOST) return tooCostly('the number of iterations', MOST)
  return {
    family: `pbkdf2-${digest}`,
    cost,
    verify: async (password) =>
      isSame(await derive(password, salt, iterations, expected.length, digest), expected),
  }
}
