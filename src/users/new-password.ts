import { isCommon } from './common-passwords.ts'
import { foldCase } from './fold-case.ts'
import { normalizePassword } from './passwords.ts'

/** Why a new password is refused. */
export type PasswordFault = 'too_short' | 'too_long' | 'undecodable' | 'username_inside' | 'common'

/** Bytes of UTF-8 in NFC. Argon2 does not truncate, so all of them count. */
export const MAX_BYTES = 256

// Shorter usernames occur in passwords by chance.
const MIN_NAME = 3

/**
 * Checks a new password by NIST SP 800-63B-4 §3.1.1.2: a minimum length ("each Unicode code point SHALL be counted as a
 * single character"), a list of common passwords for the whole password, and no composition rules.
 *
 * @param minLength characters
 * @returns undefined for a good password
 */
export async function faultOf(
  password: string,
  username: string,
  minLength: number,
): Promise<PasswordFault | undefined> {
  const normalized = normalizePassword(password)
  if ([...normalized].length < minLength) return 'too_short'
  if (Buffer.byteLength(normalized) > MAX_BYTES) return 'too_long'
  // UTF-8 decoders replace each invalid byte by U+FFFD, so that different passwords would become equal.
  if (normalized.includes('\u{fffd}')) return 'undecodable'
  if (contains(normalized, username)) return 'username_inside'
  return (await isCommon(normalized)) ? 'common' : undefined
}

function contains(password: string, username: string): boolean {
  const name = foldCase(username)
  return [...name].length >= MIN_NAME && foldCase(password).includes(name)
}
