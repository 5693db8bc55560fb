import { createHash } from 'node:crypto'
import { newId } from '../ids.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import { insertSession } from '../store/queries/insert-session.ts'
import type { Claims } from '../tokens/jwt.ts'
import { writeClaims } from '../tokens/own-claims.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'
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
  /** Whether the refresh token is handed out as a cookie */
  readonly cookie?: boolean | undefined
  /** The same key with the same device and address, within the grace window, gets the same session. */
  readonly idempotencyKey?: string | undefined
  /** The thumbprint of the key that the session is bound to */
  readonly jkt?: string | undefined
  /** The claims of the session */
  readonly claims?: Claims | undefined
  /** Set if an operator opens the session instead of the user */
  readonly reason?: 'operator' | undefined
}

/**
 * Opens a session.
 *
 * @returns undefined when the hash was replaced, or the user deactivated or deleted, since the password was verified. The
 * session has ended if it was opened by an earlier request with the same key and revoked since.
 */
export async function openSession(
  context: SessionContext,
  login: Login,
  origin: Origin,
): Promise<(Grant & { readonly refreshToken: string; readonly events: readonly NewEvent[] }) | undefined> {
  const { settings } = context
  const now = context.now()
  const { idempotencyKey } = login
  const absoluteExpiresAt = now + settings.sessionMaxAge
  const inserted = await insertSession(
    context.db,
    {
      ...login,
      claims: writeClaims(login.claims ?? {}),
      id: newId(now),
      now,
      expiresAt: Math.min(now + settings.refreshTokenTtl, absoluteExpiresAt),
      absoluteExpiresAt,
      ceiling: settings.sessionsPerUser,
      idleCutoff: idleCutoff(context, now),
      cookieAt: login.cookie === true ? now : null,
      openKey: idempotencyKey === undefined ? undefined : openKey({ ...login, idempotencyKey }),
      grace: settings.grace,
    },
    origin,
  )
  if (inserted === undefined) return undefined
  const { session, events } = inserted
  return {
    session,
    events,
    ...mintAccess(context, session, now),
    refreshToken: mintRefreshToken(context, session, login),
  }
}

/** A digest, because a key may contain anything. Another body is another request, even with the same key. */
const openKey = (login: Login & { readonly idempotencyKey: string }) =>
  createHash('sha256')
    .update(
      JSON.stringify([
        login.idempotencyKey,
        login.userAgent,
        login.address,
        ...(login.jkt ? [login.jkt] : []),
        ...(login.claims ? [login.claims] : []),
      ]),
    )
    .digest('base64url')
