import type { JsonWebKey, KeyObject } from 'node:crypto'
import { createHash, createPublicKey } from 'node:crypto'

/** A public key that a proof brought with it */
export interface ProofKey {
  readonly key: KeyObject
  readonly alg: 'ES256' | 'EdDSA'
  /** RFC 7638: the SHA-256 thumbprint, in base64url */
  readonly thumbprint: string
}

// 32 bytes in base64url; unused bits of the last character are 0
const COORDINATE = /^[\w-]{42}[AEIMQUYcgkosw048]$/

const isCoordinate = (value: unknown): value is string => typeof value === 'string' && COORDINATE.test(value)

// RFC 7518 §6.2.2, §6.3.2 and §6.4.1
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k']

/** The members of which RFC 7638 §3.2 makes the thumbprint, in their order; undefined for a key of another kind */
function requiredMembers({ kty, crv, x, y }: JsonWebKey): JsonWebKey | undefined {
  if (kty === 'EC' && crv === 'P-256' && isCoordinate(x) && isCoordinate(y)) return { crv, kty, x, y }
  // RFC 8037 §2
  if (kty === 'OKP' && crv === 'Ed25519' && isCoordinate(x)) return { crv, kty, x }
  return undefined
}

// Keys that a process remembers, because making one takes as long as verifying a signature
const MAX_REMEMBERED = 10_000

const remembered = new Map<string, ProofKey>()

/**
 * Reads a public key for ES256 or EdDSA.
 *
 * @returns undefined for any other key, and for one with a private part
 */
export function readKey(jwk: unknown): ProofKey | undefined {
  if (typeof jwk !== 'object' || jwk === null || PRIVATE.some((member) => member in jwk)) return undefined
  const members = requiredMembers(jwk as JsonWebKey)
  if (members === undefined) return undefined
  const text = JSON.stringify(members)
  const known = remembered.get(text)
  if (known !== undefined) return known
  const key = publicKey(members)
  if (key === undefined) return undefined
  const thumbprint = createHash('sha256').update(text).digest('base64url')
  const read: ProofKey = { key, alg: members.kty === 'EC' ? 'ES256' : 'EdDSA', thumbprint }
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  remembered.set(text, read)
  return read
}

function publicKey(key: JsonWebKey): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    // The coordinates are not a point of the curve.
    return undefined
  }
}
