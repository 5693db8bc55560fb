import type { ForeignWork } from '../../store/queries/foreign-hashes.ts'
import { parseArgon2 } from './argon2.ts'
import { parseBcrypt } from './bcrypt.ts'
import type { HashFault, HashParsing } from './foreign-hash.ts'
import { isFault, malformed } from './foreign-hash.ts'
import { parseAspNet, parsePbkdf2 } from './pbkdf2.ts'
import { parseScrypt } from './scrypt.ts'

const PARSERS = [parseArgon2, parseBcrypt, parsePbkdf2, parseScrypt, parseAspNet]

// Digests in hex, Django's fast hashers, LDAP's, and MD5 crypt
const FAST = /^(?:[\da-f]{32,128}|(?:unsalted_)?(?:md5|sha1|sha256|sha512)\$.*|\{\w+\}.+|\$1\$.+)$/is

const FAST_MESSAGE =
  'Is a fast digest, from which passwords can be guessed. Leave it out, and let the user set a new password'

const UNKNOWN = 'Expected a hash of Argon2, bcrypt, scrypt or PBKDF2 in one of the documented forms'

/** Whether this service has made a hash */
export const isOwn = (hash: string): boolean => hash.startsWith('$argon2id$')

/** The form in which the hash of another system is kept: never that of our own, which are of passwords in NFC. */
export const keptForm = (hash: string): string => (hash.startsWith('$argon2') ? `argon2${hash}` : hash)

/** A hash as it is kept, and its work */
export interface KeptHash {
  readonly passwordHash: string
  readonly work: ForeignWork
}

/** Reads a hash that another system has made. */
export function keepHash(hash: string): KeptHash | HashFault {
  const passwordHash = keptForm(hash)
  const parsing = parseForeign(passwordHash)
  if (isFault(parsing)) return parsing
  const { family, cost } = parsing
  return { passwordHash, work: { family, cost } }
}

/** @param hash in its kept form */
export function parseForeign(hash: string): HashParsing {
  for (const parse of PARSERS) {
    const parsing = parse(hash)
    if (parsing !== undefined) return parsing
  }
  return malformed(FAST.test(hash) ? FAST_MESSAGE : UNKNOWN)
}
