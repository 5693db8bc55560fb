import type { KeyObject } from 'node:crypto'
import { createHmac, hkdfSync } from 'node:crypto'

// Milliseconds. A nonce is accepted until the end of the next slot, so for two to four minutes.
const SLOT = 120_000

// RFC 5869 §3.2: `info` keeps this key apart from others that are derived from the same secret.
const INFO = 'rekindle: nonces of DPoP proofs'

/** Nonces of proofs (RFC 9449 §8), which all processes with the same secret know and nobody stores. */
export interface Nonces {
  /** @param now milliseconds since the epoch */
  current(now: number): string
  /** Whether a nonce is of this slot of time, the last or the next one. The clock of another process may be ahead. */
  isRecent(nonce: string | undefined, now: number): boolean
}

/**
 * Creates nonces. Each is a keyed hash of a time slot. Later nonces cannot be guessed, so a thief who can use the key of a
 * session for a moment cannot sign proofs in advance.
 *
 * @param secrets the first makes nonces, and all are accepted: secrets are replaced in one process after the other
 * @example
 * ```ts
 * const nonces = createNonces(keys.refresh.verifying)
 * const nonce = nonces.current(Date.now())
 * console.log(nonces.isRecent(nonce, Date.now())) // true
 * ```
 */
export function createNonces(secrets: readonly KeyObject[]): Nonces {
  const keys = secrets.map((secret) => Buffer.from(hkdfSync('sha256', secret, '', INFO, 32)))
  const made = new Map<number, readonly string[]>()

  function ofSlot(slot: number): readonly string[] {
    const known = made.get(slot)
    if (known !== undefined) return known
    const nonces = keys.map((key) => createHmac('sha256', key).update(String(slot)).digest('base64url'))
    if (made.size > 3) made.clear()
    made.set(slot, nonces)
    return nonces
  }

  return {
    current: (now) => ofSlot(Math.floor(now / SLOT))[0] ?? '',
    isRecent(nonce, now) {
      const slot = Math.floor(now / SLOT)
      return [slot, slot - 1, slot + 1].some((near) => nonce !== undefined && ofSlot(near).includes(nonce))
    },
  }
}
