import { parseOptions, verify } from '@node-rs/argon2'
import type { HashParsing } from './foreign-hash.ts'
import { faultOfLengths, malformed, tooCostly } from './foreign-hash.ts'

// KiB, and KiB times passes
const MOST_MEMORY = 2 ** 18
const MOST = 2 ** 20
const MOST_LANES = 255

// Django puts `argon2` before it. So do we, because a hash without it is ours.
const ARGON2 =
  /^argon2(\$argon2(?:id|i|d)\$(?:v=(?:16|19)\$)?m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,5})\$([\w+/]+)\$([\w+/]+))$/

/** Argon2id, Argon2i and Argon2d. @returns undefined when the text is of another kind */
export function parseArgon2(text: string): HashParsing | undefined {
  const [, hash, m, t, p, salt, digest] = ARGON2.exec(text) ?? []
  if (hash === undefined) return undefined
  const fault = faultOfLengths(Buffer.from(salt ?? '', 'base64'), Buffer.from(digest ?? '', 'base64'))
  if (fault !== undefined) return fault
  const [memory, passes, lanes] = [Number(m), Number(t), Number(p)]
  if (lanes < 1 || passes < 1 || memory < 8 * lanes)
    return malformed('Expected t and p of at least 1, and m of at least 8 times p')
  if (memory > MOST_MEMORY) return tooCostly('m', MOST_MEMORY)
  if (lanes > MOST_LANES) return tooCostly('p', MOST_LANES)
  if (memory * passes > MOST) return tooCostly('m times t', MOST)
  if (!isReadable(hash)) return malformed('Expected a whole hash of Argon2')
  return { family: 'argon2', cost: memory * passes, verify: (password) => verify(hash, password) }
}

// Base64 that does not end at a byte, and numbers that begin with 0, make the library throw.
function isReadable(hash: string): boolean {
  try {
    parseOptions(hash)
    return true
  } catch {
    return false
  }
}
