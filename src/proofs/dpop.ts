/**
 * Proofs of possession of a key: OAuth 2.0 Demonstrating Proof of Possession (RFC 9449). This depends on nothing else of the
 * service. Why node:crypto, and why `jti` is not remembered: `docs/adr/0060-dpop.md`.
 */
import { createHash, verify } from 'node:crypto'
import type { ProofKey } from './jwk.ts'
import { readKey } from './jwk.ts'

/**
 * The algorithms of proofs, as in `algs` of a challenge. `EdDSA` with Ed25519 is also written `Ed25519` (RFC 9864). All
 * platforms can keep a P-256 key that cannot be extracted, so RSA, whose keys may be of any size, is not needed.
 */
export const ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA'] as const

// Characters. Proofs have 400 to 800.
const MAX_PROOF = 2048
// Characters. A `jti` is a UUID or alike.
const MAX_ID = 256

export interface ProofExpectation {
  readonly method: string
  /** The URLs of the request, one if its scheme is known, without query and fragment */
  readonly urls: readonly string[]
  /** The token that the proof is sent with. `ath` must be its hash, if the proof has one. */
  readonly token?: string | undefined
  /** Whether the proof must have `ath`: RFC 9449 §7 for access tokens */
  readonly needsHash?: boolean
  /** Whether a proof was made just now, as its nonce or its time (in seconds) tells */
  readonly isFresh: (proof: { readonly nonce: string | undefined; readonly iat: number }) => boolean
}

/** Why a proof is invalid, for the log */
export type ProofFault =
  | 'size'
  | 'form'
  | 'typ'
  | 'alg'
  | 'jwk'
  | 'claims'
  | 'htm'
  | 'htu'
  | 'ath'
  | 'signature'

export type ProofVerification =
  /** `jkt`: the thumbprint of the key (RFC 7638) */
  | { readonly outcome: 'valid'; readonly jkt: string }
  | { readonly outcome: 'invalid'; readonly fault: ProofFault }
  /** Not fresh: it needs another nonce */
  | { readonly outcome: 'stale' }

type Members = Readonly<Record<string, unknown>>

// RFC 7515 §7.1: three parts in the alphabet of base64url (§2)
const COMPACT = /^([\w-]+)\.([\w-]+)\.([\w-]+)$/

/**
 * Verifies a DPoP proof as RFC 9449 §4.3 lists it.
 *
 * @param proof the header `DPoP`
 * @example
 * ```ts
 * const verification = verifyProof(proof, {
 *   method: 'POST',
 *   urls: ['https://auth.example.com/refresh_token'],
 *   isFresh: ({ nonce }) => nonces.isRecent(nonce, Date.now()),
 * })
 * if (verification.outcome === 'valid') console.log(verification.jkt)
 * ```
 */
export function verifyProof(proof: string, expected: ProofExpectation): ProofVerification {
  if (proof.length > MAX_PROOF) return invalid('size')
  const [, encodedHeader = '', encodedClaims = '', signature = ''] = COMPACT.exec(proof) ?? []
  const [header, claims] = [parsed(encodedHeader), parsed(encodedClaims)]
  // RFC 7515 §4.1.11: extensions that are not understood make a token invalid.
  if (header === undefined || claims === undefined || 'crit' in header) return invalid('form')
  if (header['typ'] !== 'dpop+jwt') return invalid('typ')
  const key = readKey(header['jwk'])
  if (key === undefined) return invalid('jwk')
  if (!isAlgorithmOf(key, header['alg'])) return invalid('alg')
  const { nonce, iat } = claims
  if ((nonce !== undefined && typeof nonce !== 'string') || typeof iat !== 'number') return invalid('claims')
  // First, because an outdated nonce is no mistake.
  if (!expected.isFresh({ nonce, iat })) return { outcome: 'stale' }
  const fault = faultOf(claims, expected)
  if (fault !== undefined) return invalid(fault)
  const isSigned = isSignedWith(key, `${encodedHeader}.${encodedClaims}`, signature)
  return isSigned ? { outcome: 'valid', jkt: key.thumbprint } : invalid('signature')
}

const invalid = (fault: ProofFault) => ({ outcome: 'invalid', fault }) as const

function parsed(part: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Members)
      : undefined
  } catch {
    return undefined
  }
}

/** RFC 8725 §3.1: the key decides the algorithm. */
const isAlgorithmOf = ({ alg }: ProofKey, given: unknown): boolean =>
  given === alg || (alg === 'EdDSA' && given === 'Ed25519')

/** What is wrong with the claims, of which RFC 9449 §4.2 requires `jti`, `htm`, `htu` and `iat` */
function faultOf(claims: Members, { method, urls, token, needsHash }: ProofExpectation) {
  const { jti, htm, htu, ath } = claims
  if (typeof jti !== 'string' || jti === '' || jti.length > MAX_ID) return 'claims'
  if (htm !== method) return 'htm'
  const url = typeof htu === 'string' ? plainUrl(htu) : undefined
  if (url === undefined || !urls.some((expected) => plainUrl(expected) === url)) return 'htu'
  if (ath === undefined) return needsHash === true ? 'ath' : undefined
  return ath === hashOf(token ?? '') ? undefined : 'ath'
}

/** RFC 9449 §4.3: "employ syntax-based normalization and scheme-based normalization", ignoring query and fragment parts */
function plainUrl(text: string): string | undefined {
  const url = URL.parse(text)
  return url === null ? undefined : `${url.protocol}//${url.host}${url.pathname}`
}

/** `ath` of RFC 9449 §4.2 */
export const hashOf = (token: string): string => createHash('sha256').update(token).digest('base64url')

function isSignedWith({ key, alg }: ProofKey, input: string, signature: string): boolean {
  const given = Buffer.from(signature, 'base64url')
  // RFC 7518 §3.4: R and S, 32 bytes each. Ed25519 has as many (RFC 8032 §5.1.6).
  if (given.length !== 64) return false
  return alg === 'ES256'
    ? verify('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' }, given)
    : verify(null, Buffer.from(input), key, given)
}
