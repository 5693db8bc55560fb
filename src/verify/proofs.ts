/** Proofs that a request was made with the key to which its access token is bound (RFC 9449), by jose alone. */
import type { JWTPayload } from 'jose'
import { base64url, calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { ALGORITHMS, TokenError } from './errors.ts'

/** A proof, and the request that it came with */
export interface PresentedProof {
  /** The header `DPoP`. Undefined: there was none, or several */
  readonly proof: string | undefined
  readonly method: string
  /** The address of the request as its client knows it. Several, if its scheme is not known */
  readonly url: string | readonly string[]
}

// Characters. Proofs have 400 to 800.
const MAX_PROOF = 2048
// Characters. A `jti` is a UUID or alike.
const MAX_ID = 256

/** RFC 9449 §4.3: normalized, without query and fragment */
function plainUrl(text: unknown): string | undefined {
  // URL.parse() came with Node 22.
  if (typeof text !== 'string' || !URL.canParse(text)) return undefined
  const { protocol, host, pathname } = new URL(text)
  return `${protocol}//${host}${pathname}`
}

/** The thumbprint of the key that a token is bound to. Undefined: anybody may use it */
export function boundKeyOf({ cnf }: JWTPayload): unknown {
  return cnf === undefined ? undefined : (Object(cnf)['jkt'] ?? null)
}

/**
 * Checks what RFC 9449 §7.1 lists for a resource server.
 *
 * @param jkt from {@link boundKeyOf}
 * @param maxAge seconds between the clocks of the client and of this API
 * @throws {@link TokenError}
 */
export async function requireProof(
  token: string,
  jkt: unknown,
  presented: PresentedProof,
  maxAge: number,
): Promise<void> {
  if (presented.proof === undefined) throw new TokenError('proof_missing')
  const isProof =
    presented.proof.length <= MAX_PROOF && (await proves(token, jkt, presented, maxAge).catch(() => false))
  if (!isProof) throw new TokenError('proof_invalid')
}

async function proves(
  token: string,
  jkt: unknown,
  { proof = '', method, url }: PresentedProof,
  maxAge: number,
): Promise<boolean> {
  const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
    algorithms: ALGORITHMS,
    typ: 'dpop+jwt',
    requiredClaims: ['iat', 'jti', 'htm', 'htu', 'ath'],
  })
  const { iat = 0, jti = '', htm, htu, ath } = payload
  const address = plainUrl(htu)
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return (
    Math.abs(Date.now() / 1000 - iat) <= maxAge &&
    jti.length > 0 &&
    jti.length <= MAX_ID &&
    htm === method &&
    address !== undefined &&
    [url].flat().some((one) => plainUrl(one) === address) &&
    ath === base64url.encode(new Uint8Array(digest)) &&
    protectedHeader.jwk !== undefined &&
    jkt === (await calculateJwkThumbprint(protectedHeader.jwk))
  )
}
