import { timingSafeEqual } from 'node:crypto'
import type { ForeignWork } from '../../store/queries/foreign-hashes.ts'

/** A password hash that another system has made */
export interface ForeignHash extends ForeignWork {
  /** As the other system verified it. Runs on the password threads. */
  verify(password: string): Promise<boolean>
  /** Whether the other system ignored the end of a password, so that what was typed may not be the password */
  truncates?(password: string): boolean
}

/** Why a hash is refused */
export interface HashFault {
  readonly reason: 'malformed' | 'too_large'
  /** For people. Contains nothing of the hash */
  readonly message: string
}

export type HashParsing = ForeignHash | HashFault

export const isFault = (parsing: object): parsing is HashFault => 'message' in parsing

export const malformed = (message: string): HashFault => ({ reason: 'malformed', message })

export const tooCostly = (parameter: string, most: number): HashFault => ({
  reason: 'too_large',
  message: `Expected a hash of lower cost: ${parameter} is at most ${most}`,
})

// Bytes. With a shorter digest, a wrong password might match.
const MIN_DIGEST = 16
const MAX_DIGEST = 128
const MIN_SALT = 4
const MAX_SALT = 128

/** @returns undefined for a good salt and digest */
export function faultOfLengths(salt: Uint8Array, digest: Uint8Array): HashFault | undefined {
  if (salt.length < MIN_SALT || salt.length > MAX_SALT)
    return malformed(`Expected a salt of ${MIN_SALT} to ${MAX_SALT} bytes`)
  if (digest.length < MIN_DIGEST || digest.length > MAX_DIGEST)
    return malformed(`Expected a digest of ${MIN_DIGEST} to ${MAX_DIGEST} bytes`)
  return undefined
}

export const isSame = (one: Uint8Array, two: Uint8Array): boolean =>
  one.length === two.length && timingSafeEqual(one, two)
