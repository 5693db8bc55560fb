import type { CryptoKey, JWTPayload, JWTVerifyGetKey, JWTVerifyOptions } from 'jose'
import { errors, jwtVerify } from 'jose'
import { TokenError } from './errors.ts'
import type { FeedFollower } from './follow.ts'
import { createFollower } from './follow.ts'
import type { Keys } from './keys.ts'
import { importKeys } from './keys.ts'
import { statusText } from './metrics.ts'
import type { Middleware } from './middleware.ts'
import { middlewareOf } from './middleware.ts'
import type { PresentedProof } from './proofs.ts'
import { boundKeyOf, requireProof } from './proofs.ts'

/** The claims of an access token. Times are in seconds since the epoch. */
export interface AccessClaims extends JWTPayload {
  /** The id of the user */
  readonly sub: string
  /** The id of the session */
  readonly sid: string
  readonly jti: string
  readonly iat: number
  readonly exp: number
  readonly type: 'access'
  /** The key that the token is bound to: only with `DPOP_ACCESS_TOKENS` */
  readonly cnf?: { readonly jkt: string }
  /** Grows with each change of the user's claims that demands a refresh. Undefined: 0 */
  readonly claims_version?: number
}

/** How what has ended is followed */
export interface RevocationOptions {
  /** The address of `GET /revocations` of the service */
  readonly url: string
  /** `REVOCATIONS_TOKEN` of the service */
  readonly token: string
  /** Milliseconds, 30,000 by default. A token is accepted for at most this time after its session ended. */
  readonly maxStale?: number
  /** What happens to tokens when the feed could not be followed for `maxStale`. By default they are refused with 503. */
  readonly onStale?: 'accept' | 'refuse'
  /**
   * `always` follows in the background. `on_demand` asks when a token is verified and the knowledge is older than half of
   * `maxStale`: for platforms where nothing runs between requests, such as Cloudflare Workers.
   */
  readonly follow?: 'always' | 'on_demand'
  /** Called with each error of the feed. By default they only show in `status()`. */
  readonly onError?: (error: unknown) => void
}

/** Options of {@link createVerifier}. */
export interface VerifierOptions {
  readonly keys: Keys
  /** `JWT_ISSUER` of the service, if it is set */
  readonly issuer?: string
  /** `JWT_AUDIENCE` of the service, if it is set */
  readonly audience?: string
  /** Seconds by which clocks may differ, 5 by default */
  readonly clockTolerance?: number
  /**
   * The address of this API as its clients know it, without the paths of its routes. Proofs of bound tokens name it. By
   * default it is `Host`, by http or https, which is enough unless a proxy removes a part of the path or replaces `Host`.
   */
  readonly publicUrl?: string
  /** Seconds that a proof of a bound token may be old, or ahead because the client's clock is wrong. 300 by default */
  readonly maxProofAge?: number
  /** Undefined: tokens are accepted until they expire. */
  readonly revocations?: RevocationOptions
  /** Another `fetch` for the feed */
  readonly fetch?: typeof fetch
}

/** What a verifier knows */
export interface VerifierStatus {
  /** Milliseconds; Infinity before the first answer. Undefined without `revocations` */
  readonly age: number | undefined
  readonly isStale: boolean
  /** The number of entries in memory */
  readonly entries: number
  /** The number of requests to the feed that failed since the last answer */
  readonly failures: number
}

export interface Verifier extends Middleware {
  /**
   * @param presented for a token that came with `Authorization: DPoP`. A token that is bound to a key is refused without it.
   * @returns the claims of a valid access token. @throws {@link TokenError}
   */
  verify(token: string, presented?: PresentedProof): Promise<AccessClaims>
  status(): VerifierStatus
  /** @returns how old the knowledge is, in the text format of Prometheus */
  metrics(): string
  /** Stops following. */
  close(): void
}

/**
 * Creates a verifier of access tokens for an API. It verifies them by itself, and follows what has ended, so that a logout
 * reaches the API at once without a call for each request.
 *
 * @example
 * ```ts
 * import { createVerifier } from 'rekindle/verify'
 *
 * const verifier = createVerifier({
 *   keys: { secret: String(process.env.JWT_SECRET_KEY) },
 *   revocations: {
 *     url: 'https://auth.example.com/revocations',
 *     token: String(process.env.REVOCATIONS_TOKEN),
 *   },
 * })
 * const { sub } = await verifier.verify('eyJ…')
 * verifier.close()
 * ```
 */
export function createVerifier(options: VerifierOptions): Verifier {
  const { clockTolerance = 5, maxProofAge = 300, revocations } = options
  const imported = importKeys(options.keys)
  let ready: Awaited<typeof imported.keys> | undefined
  const checks: JWTVerifyOptions = {
    algorithms: imported.algorithms,
    typ: 'at+jwt',
    requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid'],
    clockTolerance,
    ...(options.issuer !== undefined && { issuer: options.issuer }),
    ...(options.audience !== undefined && { audience: options.audience }),
  }
  const maxStale = revocations?.maxStale ?? 30_000
  const onDemand = revocations?.follow === 'on_demand'
  const follower =
    revocations &&
    createFollower({
      ...{ url: revocations.url, token: revocations.token },
      ...{ maxStale, clockTolerance, isOnDemand: onDemand },
      onError: revocations.onError ?? (() => {}),
      fetch: options.fetch ?? globalThis.fetch.bind(globalThis),
    })
  if (!onDemand) follower?.start()

  const isStale = () => follower !== undefined && follower.age() > maxStale

  const refreshAfter = onDemand ? maxStale / 2 : maxStale

  async function learn({ age, refresh }: FeedFollower): Promise<void> {
    // If stale tokens are accepted, nobody waits for a service that does not answer, except at the start.
    const isWaiting = onDemand || revocations?.onStale !== 'accept' || age() === Number.POSITIVE_INFINITY
    if (isWaiting) await refresh()
  }

  // Usually nothing is waited for but jose.
  async function verify(token: string, presented?: PresentedProof): Promise<AccessClaims> {
    ready ??= await imported.keys
    const claims = await verifySignature(token, ready, checks)
    const jkt = boundKeyOf(claims)
    if (presented !== undefined) await requireProof(token, jkt, presented, maxProofAge)
    else if (jkt !== undefined) throw new TokenError('proof_missing')
    if (follower === undefined) return claims
    const isFresh = follower.age() <= refreshAfter
    if (!isFresh) await learn(follower)
    if (follower.has(claims)) throw new TokenError('ended')
    if (!isFresh && isStale() && revocations?.onStale !== 'accept') throw new TokenError('stale')
    return claims
  }

  const status = (): VerifierStatus => ({
    age: follower?.age(),
    isStale: isStale(),
    entries: follower?.size ?? 0,
    failures: follower?.failures ?? 0,
  })
  return {
    verify,
    status,
    metrics: () => statusText(status()),
    close: () => follower?.close(),
    ...middlewareOf(verify, options.publicUrl),
  }
}

async function verifySignature(
  token: string,
  keys: readonly (CryptoKey | JWTVerifyGetKey)[],
  checks: JWTVerifyOptions,
): Promise<AccessClaims> {
  let failure: unknown
  for (const key of keys) {
    try {
      // jose has a function for keys and one for functions that find them.
      const { payload } = await (typeof key === 'function'
        ? jwtVerify(token, key, checks)
        : jwtVerify(token, key, checks))
      if (!isAccess(payload)) throw new TokenError('invalid')
      return payload
    } catch (error) {
      failure = error
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) break
    }
  }
  throw refusalOf(failure)
}

const isAccess = (payload: JWTPayload): payload is AccessClaims =>
  payload['type'] === 'access' &&
  typeof payload.sub === 'string' &&
  typeof payload.jti === 'string' &&
  typeof payload['sid'] === 'string'

/** What says something about the token. Everything else says that the keys could not be had. */
const OF_TOKEN = [
  errors.JWTClaimValidationFailed,
  errors.JWTInvalid,
  errors.JWSInvalid,
  errors.JWSSignatureVerificationFailed,
  errors.JOSEAlgNotAllowed,
  errors.JOSENotSupported,
  errors.JWKSNoMatchingKey,
  errors.JWKSMultipleMatchingKeys,
]

function refusalOf(error: unknown): TokenError {
  if (error instanceof TokenError) return error
  if (error instanceof errors.JWTExpired) return new TokenError('expired', { cause: error })
  const isOfToken = OF_TOKEN.some((type) => error instanceof type)
  return new TokenError(isOfToken ? 'invalid' : 'keys', { cause: error })
}
