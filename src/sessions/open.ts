import { insertSession } from '../store/sessions.ts'
import { newId } from '../tokens/id.ts'
import type { SessionContext } from './context.ts'
import type { Grant } from './mint.ts'
import { mintAccess, mintRefreshToken } from './mint.ts'

export interface Login {
  readonly userId: string
  /** The hash that the password was verified against */
  readonly passwordHash: string
  readonly userAgent: string | null
  readonly address: string | null
}

/** @returns undefined when the password was changed, or the user deactivated or deleted, since it was verified */
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
