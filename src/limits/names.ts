import { createHmac, hkdfSync } from 'node:crypto'

/** Turns usernames into subjects of counters. Somebody may have typed a password instead of a name. */
export interface Names {
  /** The hash of a case-folded username */
  hash(account: string): string
  /** The same hash, then those with the previous secrets: for rows that are kept for long */
  hashes(account: string): readonly string[]
}

/** The limit whose rows remember the networks that a user has logged in from */
export const SEEN = 'login-seen'

/** @returns a function that makes the prefix of the keys of these rows by a case-folded username */
export const rememberedAs = (names: Names) => (account: string) => `${SEEN}:${names.hash(account)}`

// RFC 5869 §3.2: `info` keeps this key apart from others that are derived from the same secret.
const INFO = 'rekindle: names in rate limits'

const deriveKey = (secret: Uint8Array) => Buffer.from(hkdfSync('sha256', secret, '', INFO, 32))

/**
 * HMAC with a key that is derived from the service's secret. Without the secret, a reader of the database cannot test
 * guesses at what was typed. All processes have the same secret, so they share their counters.
 */
export function createNames(secrets: {
  readonly current: Uint8Array
  readonly previous: readonly Uint8Array[]
}): Names {
  const keys = [secrets.current, ...secrets.previous].map(deriveKey)
  const withKey = (account: string) => (key: Buffer) =>
    createHmac('sha256', key).update(account).digest('base64url')
  const [first = Buffer.of()] = keys
  return {
    hash: (account) => withKey(account)(first),
    hashes: (account) => keys.map(withKey(account)),
  }
}
