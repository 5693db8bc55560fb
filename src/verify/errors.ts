/** The algorithms of proofs (RFC 9449 §5.1), the same as those of the service */
export const ALGORITHMS = ['ES256', 'Ed25519', 'EdDSA']

/** Why a request is refused */
export type TokenErrorReason =
  /** No token */
  | 'missing'
  /** Several tokens */
  | 'several'
  /** Not one of ours, or for somebody else */
  | 'invalid'
  | 'expired'
  /** Its session or the token itself has ended. */
  | 'ended'
  /** The token is bound to a key (RFC 9449), and the request does not prove it. */
  | 'proof_missing'
  | 'proof_invalid'
  /** The feed could not be followed for longer than `maxStale`. */
  | 'stale'
  /** The keys could not be fetched. */
  | 'keys'
  | 'scope'

interface Form {
  readonly status: number
  /** RFC 6750 §3.1, RFC 9449 §7.1 */
  readonly code?: string
  /** `Bearer` by default */
  readonly scheme?: 'DPoP'
  readonly message: string
}

// A client must not learn why its session has ended, so that `invalid` and `ended` are the same for it.
const FORMS: Readonly<Record<TokenErrorReason, Form>> = {
  missing: { status: 401, message: 'Access token missing.' },
  several: { status: 400, code: 'invalid_request', message: 'Several access tokens.' },
  invalid: { status: 401, code: 'invalid_token', message: 'Invalid access token.' },
  expired: { status: 401, code: 'invalid_token', message: 'Access token has expired.' },
  ended: { status: 401, code: 'invalid_token', message: 'Invalid access token.' },
  proof_missing: { status: 401, code: 'invalid_token', scheme: 'DPoP', message: 'DPoP proof missing.' },
  proof_invalid: { status: 401, code: 'invalid_dpop_proof', scheme: 'DPoP', message: 'Invalid DPoP proof.' },
  // Not 401: the token may be good, and a client would log its user out.
  stale: { status: 503, code: 'temporarily_unavailable', message: 'Access tokens cannot be verified now.' },
  keys: { status: 503, code: 'temporarily_unavailable', message: 'Access tokens cannot be verified now.' },
  scope: { status: 403, code: 'insufficient_scope', message: 'The access token does not allow this.' },
}

/**
 * Thrown when a token is not accepted. It has the answer to the request: status, headers and body.
 *
 * @example
 * ```ts
 * import { TokenError } from 'rekindle/verify'
 *
 * const error = new TokenError('expired')
 * console.log(error.status) // 401
 * console.log(error.headers) // { 'WWW-Authenticate': 'Bearer error="invalid_token", error_description="…"', … }
 * ```
 */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  /** For the log. Clients must not learn it. */
  readonly reason: TokenErrorReason
  readonly status: number
  /** The error code of RFC 6750 §3.1. Undefined if the request had no token. */
  readonly code: string | undefined
  /** With `WWW-Authenticate`, or with `Retry-After` */
  readonly headers: Readonly<Record<string, string>>
  readonly body: { readonly error: string; readonly error_description: string }

  /** @param scope for the reason `scope`: what the token would need, separated by spaces */
  constructor(reason: TokenErrorReason, options: ErrorOptions & { readonly scope?: string } = {}) {
    const { status, code, message, scheme = 'Bearer' } = FORMS[reason]
    super(message, options)
    this.reason = reason
    this.status = status
    this.code = code
    this.body = { error: code ?? 'missing_token', error_description: message }
    const described = code === undefined ? '' : ` error="${code}", error_description="${message}"`
    const scope =
      options.scope === undefined
        ? ''
        : `, scope="${options.scope.replaceAll(/[^\x21\x23-\x5B\x5D-\x7E ]/g, '')}"`
    const algorithms = scheme === 'DPoP' ? `, algs="${ALGORITHMS.join(' ')}"` : ''
    const challenge = `${scheme}${described}${scope}${algorithms}`
    this.headers = {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      ...(status === 503 ? { 'Retry-After': '1' } : { 'WWW-Authenticate': challenge }),
    }
  }
}
