import { newId } from '../ids.ts'
import type { Opener } from '../store/queries/sessions.ts'
import { insertSession } from '../store/queries/sessions.ts'
import type { SessionContext } from './context.ts'
import type { Grant } from './mint.ts'
import { mintAccess, mintRefreshToken } from './mint.ts'

export interface Login {
  readonly userId: string
  /** The hash that the password was verified against. Undefined: the user was authenticated by other means. */
  readonly passwordHash: string | undefined
  /** A hash of the same password at a higher cost, to replace `passwordHash` */
  readonly rehashed?: string | undefined
  readonly userAgent: string | null
  readonly address: string | null
  readonly requestId?: string | null
  /** The event's origin when an application opens the session. The address and user agent above are the user's. */
  readonly opener?: Opener
}

/**
 * Opens a session.
 *
 * @returns undefined when the hash was replaced, or the user deactivated or deleted, since the password was verified
 */
export async function openSession(
  context: SessionContext,
  login: Login,
): Promise<(Grant & { readonly refreshToken: string }) | undefined> {
  const { settings } = context
  const now = context.now()
  const absoluteExpiresAt = now + settings.sessionMaxAge
  const session = await insertSession(context.db, {
    ...login,
    id: newId(now),
    now,
    expiresAt: Math.min(now + settings.refreshTokenTtl, absoluteExpiresAt),
    absoluteExpiresAt,
  })
  if (session === undefined) return undefined
  return {
    session,
    ...mintAccess(context, session, now),
    refreshToken: mintRefreshToken(context, session),
  }
}
