/** Proofs of Device Bound Session Credentials, as browsers sign them: https://w3c.github.io/webappsec-dbsc/#format-jwt */
import { createPublicKey, verify } from 'node:crypto'
import type { Device } from './dbsc.ts'
import { BYTES } from './dbsc.ts'

/** A proof whose signature is that of a key */
export interface DeviceProof {
  /** The challenge that was signed */
  readonly challenge: string
  /** The key in its header, which only a registration has */
  readonly key: Pick<Device, 'x' | 'y'> | undefined
}

// RFC 7515 §7.1: three parts in the alphabet of base64url (§2)
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/
// Characters. Proofs have 500 to 700.
const MAX_PROOF = 4096

type Members = Readonly<Record<string, unknown>>

/**
 * Reads a DBSC proof, `Secure-Session-Response`: "typ … MUST be "dbsc+jwt"", `alg` ES256, the only one that is offered.
 *
 * @param known the key of a refresh. "jwk … MUST not be present for refresh requests", and it must be at a registration.
 * @returns undefined unless the key has signed it
 */
export function readProof(proof: string, known?: Pick<Device, 'x' | 'y'>): DeviceProof | undefined {
  const [, header = '', claims = '', signature = ''] =
    (proof.length <= MAX_PROOF && COMPACT.exec(proof)) || []
  const { alg, typ, jwk, crit } = parsed(header)
  const { jti } = parsed(claims)
  // RFC 7515 §4.1.11: extensions that are not understood make it invalid.
  if (alg !== 'ES256' || typ !== 'dbsc+jwt' || crit !== undefined || typeof jti !== 'string') return undefined
  const given = jwk === undefined ? undefined : coordinatesOf(jwk)
  const key = known === undefined ? given : jwk === undefined ? known : undefined
  if (key === undefined || !isSignedWith(key, `${header}.${claims}`, signature)) return undefined
  return { challenge: jti, key: given }
}

function parsed(part: string): Members {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null ? (value as Members) : {}
  } catch {
    return {}
  }
}

function coordinatesOf(jwk: unknown): Pick<Device, 'x' | 'y'> | undefined {
  const { kty, crv, x, y, d } = (jwk ?? {}) as Members
  const isKey = kty === 'EC' && crv === 'P-256' && d === undefined
  if (!isKey || typeof x !== 'string' || typeof y !== 'string') return undefined
  return BYTES.test(x) && BYTES.test(y) ? { x, y } : undefined
}

function isSignedWith({ x, y }: Pick<Device, 'x' | 'y'>, input: string, signature: string): boolean {
  const given = Buffer.from(signature, 'base64url')
  try {
    const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x, y }, format: 'jwk' })
    // RFC 7518 §3.4: R and S, 32 bytes each
    return (
      given.length === 64 && verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, given)
    )
  } catch {
    // Not a point of the curve
    return false
  }
}
