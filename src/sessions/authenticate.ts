import { isInGrace } from '../clock.ts'
import { findAccess } from '../store/queries/session-of-user.ts'
import type { UserRow } from '../store/queries/users.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import { versionOf } from '../tokens/own-claims.ts'
import type { SessionContext } from './context.ts'
import type { Unproven } from './unproven.ts'
import { unproven } from './unproven.ts'

export type Authentication =
  | ({ readonly outcome: 'authenticated' } & Access)
  /** From before the last password change made in the session */
  | ({ readonly outcome: 'superseded' } & Access)
  | { readonly outcome: 'invalid' }
  /** The token is bound to a key: none was proven, or another one */
  | { readonly outcome: Unproven; readonly userId: string; readonly sessionId: string }
  | {
      /** `spent`: already exchanged. `session_expired`: the session is past its absolute deadline. */
      readonly outcome:
        | 'expired'
        /** It has an earlier version of the user's claims, and is to be refreshed. */
        | 'outdated'
        | 'unknown_user'
        | 'inactive_user'
        | 'unknown_session'
        | 'revoked'
        | 'session_expired'
        | 'spent'
      readonly userId: string
      readonly sessionId: string
    }

interface Access {
  readonly userId: string
  readonly sessionId: string
  /** Of the token */
  readonly generation: number
  readonly user: UserRow
}

/**
 * Finds the user of an access token. The token must be unexpired and its session active. If the token was exchanged, its
 * grace window must still be open.
 *
 * @param jkt the thumbprint of the key that was proven with the token. Undefined: it was sent as a bearer token
 */
export async function authenticate(
  context: SessionContext,
  accessToken: string,
  jkt?: string,
): Promise<Authentication> {
  const { db, keys: tokens, settings } = context
  const now = context.now()
  const verification = verifyAccessToken(tokens, accessToken, now)
  if (verification.outcome === 'invalid') return { outcome: 'invalid' }
  const { id, userId, sessionId, generation, jkt: boundTo, claimsVersion = 0 } = verification.token
  // RFC 9449 §7.2: a bound token is not a bearer token. Nor is an unbound one sent with a proof.
  if (boundTo !== jkt)
    return boundTo === undefined
      ? { outcome: 'invalid' }
      : { outcome: unproven(jkt ?? ''), userId, sessionId }
  const subject = { userId, sessionId }
  if (verification.outcome === 'expired') return { outcome: 'expired', ...subject }
  const state = await findAccess(db, { ...subject, jti: id })
  if (state === undefined) return { outcome: 'unknown_user', ...subject }
  if (state.user.deactivatedAt !== null) return { outcome: 'inactive_user', ...subject }
  const { user, session, exchangedAt } = state
  if (session === undefined) return { outcome: 'unknown_session', ...subject }
  if (session.revokedAt !== null) return { outcome: 'revoked', ...subject }
  if (session.absoluteExpiresAt <= now) return { outcome: 'session_expired', ...subject }
  if (generation < session.startGeneration) return { outcome: 'superseded', ...subject, generation, user }
  if (claimsVersion < versionOf(user.claims)) return { outcome: 'outdated', ...subject }
  // It stays valid for as long as it can be exchanged again: for requests in flight, and so that a thief of it does not learn
  // when its owner refreshes.
  const isSpent = exchangedAt !== null && !isInGrace(exchangedAt, now, settings.grace)
  if (isSpent) return { outcome: 'spent', ...subject }
  return { outcome: 'authenticated', ...subject, generation, user }
}
