/** Proofs of keys in the header `DPoP` (RFC 9449). */
import type { Context } from 'hono'
import type { ProofFault } from '../../proofs/dpop.ts'
import { verifyProof } from '../../proofs/dpop.ts'
import type { Env, Handler } from '../contract.ts'
import type { Core } from '../core.ts'
import { setHeader } from './headers.ts'
import { nameRefusal } from './record.ts'

/** What a request proves */
export type Proof =
  | { readonly outcome: 'none' }
  | { readonly outcome: 'valid'; readonly jkt: string }
  | { readonly outcome: 'invalid'; readonly fault: ProofFault | 'several' }
  | { readonly outcome: 'stale' }

export const hasProof = (c: Context<Env>): boolean => c.req.header('DPoP') !== undefined

interface ProofUse {
  /** The token that the proof is sent with */
  readonly token?: string | undefined
  /** Whether the proof must have `ath` */
  readonly needsHash?: boolean
}

/** Reads and verifies the proof of a request. */
export function proofOf(core: Core, c: Context<Env>, { token, needsHash = false }: ProofUse = {}): Proof {
  const proof = c.req.header('DPoP')
  if (proof === undefined) return { outcome: 'none' }
  // RFC 9449 §4.3: "there is not more than one DPoP HTTP request header field". Several lines are joined by commas.
  if (proof.includes(',')) return { outcome: 'invalid', fault: 'several' }
  const now = core.now()
  return verifyProof(proof, {
    method: c.req.method,
    urls: urlsOf(core, c),
    token,
    needsHash,
    // Clocks of devices are wrong, so the nonce tells the time, not `iat` (RFC 9449 §4.3, 11).
    isFresh: ({ nonce }) => core.nonces.isRecent(nonce, now),
  })
}

/**
 * The URL of the request as its client knows it. Without PUBLIC_URL, `Host` says it, and the scheme is not known: TLS may end
 * at a proxy.
 */
function urlsOf({ settings: { publicUrl } }: Core, c: Context<Env>): string[] {
  const { path } = c.req
  if (publicUrl === undefined) {
    const host = c.req.header('Host') ?? ''
    return [`https://${host}${path}`, `http://${host}${path}`]
  }
  const { origin, pathname } = new URL(publicUrl)
  // A proxy may remove the prefix, or a program that embeds the service may keep it.
  return [pathname !== '/' && path.startsWith(`${pathname}/`) ? origin + path : publicUrl + path]
}

/** The thumbprint of the key that the request proves. Empty: it proves none */
export const provenKey = (proof: Proof): string => (proof.outcome === 'valid' ? proof.jkt : '')

/** @returns the message of the 401 for a proof that cannot be used */
export function proofFailure({ outcome }: Proof): 'Invalid DPoP proof.' | 'DPoP nonce required.' | undefined {
  if (outcome === 'invalid') return 'Invalid DPoP proof.'
  return outcome === 'stale' ? 'DPoP nonce required.' : undefined
}

/** Why a proof was refused, for the log */
export const proofReason = (proof: Proof): string =>
  proof.outcome === 'invalid' ? `dpop_${proof.fault}` : 'dpop_nonce'

/**
 * Gives a client that uses proofs the nonce for its next ones (RFC 9449 §8.2).
 *
 * @param message of a failure
 */
export function offerNonce(core: Core, c: Context<Env>, message = ''): void {
  if (hasProof(c) || message === 'DPoP proof missing.')
    setHeader(c, 'DPoP-Nonce', core.nonces.current(core.now()))
}

/** Judges the proof of a login before its limits, which would count an outdated nonce as a guess at the password. */
export const proveLogin =
  (core: Core, handler: Handler<'login'>): Handler<'login'> =>
  (c, operation) => {
    const proof = proofOf(core, c)
    const unusable = proofFailure(proof)
    if (unusable !== undefined) {
      nameRefusal(c, 'login.failed', { reason: proofReason(proof) })
      return operation.failure(401, unusable)
    }
    if (proof.outcome === 'valid') c.set('jkt', proof.jkt)
    return handler(c, operation)
  }
