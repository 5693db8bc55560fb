import { isCommon } from './common-passwords.ts'
import { foldCase } from './fold-case.ts'
import { normalizePassword } from './passwords.ts'

/** Why a password is not good for a new one. */
export type PasswordFault = 'too_short' | 'too_long' | 'undecodable' | 'username_inside' | 'common'

/** Bytes of UTF-8, in NFC. All of them count: Argon2 cuts nothing off. */
export const MAX_BYTES = 256

// One or two characters stand in any password by chance.
const MIN_NAME = 3

/**
 * NIST SP 800-63B-4 §3.1.1.2: a least length, "each Unicode code point SHALL be counted as a single character", the
 * whole of it compared with a list of common ones, and no rules of composition.
 *
 * @param minLength characters
 * @returns undefined when there is none
 */
export async function faultOf(
  password: string,
  username: string,
  minLength: number,
): Promise<PasswordFault | undefined> {
  const normalized = normalizePassword(password)
  if ([...normalized].length < minLength) return 'too_short'
  if (Buffer.byteLength(normalized) > MAX_BYTES) return 'too_long'
  // What a decoder of UTF-8 puts for each byte that is none: another password would be the same.
  if (normalized.includes('\u{fffd}')) return 'undecodable'
  if (contains(normalized, username)) return 'username_inside'
  return (await isCommon(normalized)) ? 'common' : undefined
}

function contains(password: string, username: string): boolean {
  const name = foldCase(username)
  return [...name].length >= MIN_NAME && foldCase(password).includes(name)
}
