import { findAccess } from '../store/access.ts'
import type { UserRow } from '../store/users.ts'
import { verifyAccessToken } from '../tokens/access-token.ts'
import type { SessionContext } from './context.ts'

export type Authentication =
  | {
      readonly outcome: 'authenticated'
      readonly userId: string
      readonly sessionId: string
      readonly user: UserRow
    }
  | { readonly outcome: 'invalid' | 'expired' | 'unknown_user' | 'inactive_user' }

/** Whom an access token belongs to, if it is still good: unexpired, not exchanged, of a living session. */
export async function authenticate(context: SessionContext, accessToken: string): Promise<Authentication> {
  const { db, tokens } = context
  const now = context.now()
  const verification = verifyAccessToken(tokens, accessToken, now)
  if (verification.outcome !== 'valid') return { outcome: verification.outcome }
  const { id, userId, sessionId } = verification.token
  const state = await findAccess(db, { sessionId, userId, jti: id })
  if (state === undefined) return { outcome: 'unknown_user' }
  if (state.user.deactivatedAt !== null) return { outcome: 'inactive_user' }
  const { user, session, isExchanged } = state
  if (session === undefined || session.revokedAt !== null || session.absoluteExpiresAt <= now) {
    return { outcome: 'invalid' }
  }
  if (isExchanged) return { outcome: 'invalid' }
  return { outcome: 'authenticated', userId, sessionId, user }
}
