import { claimsOf } from './identity.ts'
import type { Grant } from './session-options.ts'

/** Tokens as a tab keeps them, stores them and sends them to other tabs. */
export interface Tokens {
  readonly accessToken: string
  /** In header mode only: in cookie mode the browser has it, and scripts cannot read it */
  readonly refreshToken?: string
  /** Seconds from `receivedAt` until the access token expires */
  readonly expiresIn: number
  /** Milliseconds since the epoch by this device's clock, which may be wrong */
  readonly receivedAt: number
  /**
   * Increases with each refresh in any tab: of one session, the higher number is newer, even if clocks are wrong. It is at
   * least `receivedAt`, so that two logins in one second have an order.
   */
  readonly sequence: number
  /**
   * Seconds by the service's clock, when this browser got the session: of two sessions, the later one counts. The device's
   * clock must not decide this, because it may have been set back since.
   */
  readonly since?: number
}

export const isTokens = (value: unknown): value is Tokens => {
  const { accessToken, expiresIn, receivedAt, sequence } = Object(value) as Tokens
  return typeof accessToken === 'string' && Number.isFinite(expiresIn + receivedAt + sequence)
}

/** The claim `sid`; empty without tokens, and of tokens that have none */
export const sessionOf = (tokens: Tokens | undefined): string => claimsOf(tokens?.accessToken).sid ?? ''

/** When the browser got the session; for tokens that an older client stored, when they were issued */
const sinceOf = ({ since, accessToken }: Tokens): number => since ?? claimsOf(accessToken).iat ?? 0

/** Whether tokens take the place of others. All tabs must agree on this, in whichever order they hear of both. */
export function isNewer(tokens: Tokens, others: Tokens | undefined): boolean {
  if (!others) return true
  const [mine, theirs] = [sessionOf(tokens), sessionOf(others)]
  const order = mine === theirs ? 0 : sinceOf(tokens) - sinceOf(others)
  return (order || tokens.sequence - others.sequence || Number(mine > theirs)) > 0
}

/** @param last the newest tokens that this tab has seen, of whichever session: those of the grant are newer */
export function following(
  last: Tokens | undefined,
  { access_token: accessToken, expires_in: expiresIn }: Grant,
  receivedAt: number,
  refreshToken: string | undefined,
): Tokens {
  const { sid = '', iat = 0 } = claimsOf(accessToken)
  return {
    accessToken,
    ...(refreshToken && { refreshToken }),
    expiresIn,
    receivedAt,
    sequence: Math.max((last?.sequence ?? 0) + 1, receivedAt),
    since: last ? Math.max(sinceOf(last), sid === sessionOf(last) ? 0 : iat) : iat,
  }
}

/**
 * Measures age with two clocks and uses the larger result. The wall clock can be set back, and in some browsers the
 * monotonic clock stops while the device sleeps.
 *
 * @returns a function that gives the milliseconds until the access token expires, negative after that
 */
export function lifetimeOf({ expiresIn, receivedAt }: Tokens): () => number {
  const startedAt = performance.now() - Math.max(0, Date.now() - receivedAt)
  return () => expiresIn * 1000 - Math.max(performance.now() - startedAt, Date.now() - receivedAt)
}
