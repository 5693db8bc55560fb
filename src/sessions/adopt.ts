import { newId } from '../ids.ts'
import type { AdoptedToken } from '../store/queries/adoptions.ts'
import { adoptToken, findAdopted, isForeignRevoked, isShutOut } from '../store/queries/adoptions.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import { revokeSession } from '../store/queries/revocations.ts'
import type { Session } from '../store/queries/sessions.ts'
import type { UserRow } from '../store/queries/users.ts'
import { findUser, findUserByName } from '../store/queries/users.ts'
import type { ForeignKind, ForeignToken, VerifyForeign } from '../tokens/foreign.ts'
import { foldCase } from '../users/fold-case.ts'
import type { SessionContext } from './context.ts'
import { idleCutoff } from './context.ts'
import { writeLineage } from './lineage.ts'
import { markOf } from './marks.ts'

/** How tokens of another system are adopted. */
export interface AdoptionRules {
  readonly verify: VerifyForeign
  /** Whether the user's claim is an id or a username */
  readonly userBy: 'id' | 'username'
  /** Milliseconds since the epoch. After it, nothing is adopted. */
  readonly until: number
}

export type Adoption =
  /** Now, by this request */
  | ({
      readonly outcome: 'adopted'
      readonly session: Session
      readonly events: readonly NewEvent[]
    } & Known)
  /** By an earlier request, or by another one at the same time */
  | ({ readonly outcome: 'known' } & Known)
  | AdoptionRefusal

/** Refused before the token had a session */
export type AdoptionRefusal =
  | { readonly outcome: 'invalid'; readonly why: string }
  /** The keys of the other system could not be fetched. */
  | { readonly outcome: 'unavailable' }
  | {
      /** `revoked`: by the other system, or here, when all sessions of the user ended */
      readonly outcome: 'expired' | 'revoked' | 'unknown_user' | 'inactive_user'
      readonly userId: string | undefined
      readonly sessionId?: undefined
    }
  | { readonly outcome: 'limited'; readonly userId: string; readonly sessionId: string }

interface Known extends AdoptedToken {
  readonly userId: string
  readonly token: ForeignToken
}

export interface Presented {
  readonly kind: ForeignKind
  readonly text: string
  /** Called only for an authentic token */
  readonly origin: () => Origin
  /** The thumbprint of the key that was proven. Empty: none */
  readonly jkt: string
  /** Whether the successor is handed out as a cookie */
  readonly cookie: boolean
}

/**
 * Trades a token of another system for a session, once. From then on it stands for the first generation of that session, so
 * that a retry, a late retry, reuse and a logout are judged as those of any superseded token.
 *
 * @returns undefined when another writer changed a row between the statements
 */
export async function adopt(context: SessionContext, presented: Presented): Promise<Adoption | undefined> {
  const { db, adoption, settings } = context
  const now = context.now()
  if (adoption === undefined || adoption.until <= now) return { outcome: 'invalid', why: 'invalid' }
  const verification = await adoption.verify(presented.text, presented.kind, now)
  if (verification.outcome === 'invalid' || verification.outcome === 'unavailable') return verification
  const { token } = verification
  const isAccess = presented.kind === 'access'
  const expiresAt = token.expiresAt + (isAccess ? settings.exchangeWindow : 0)

  const user = await userOf(context, adoption.userBy, token.subject)
  const userId = user?.id ?? (adoption.userBy === 'id' ? token.subject : undefined)
  if (expiresAt <= now) return { outcome: 'expired', userId }
  if (await isForeignRevoked(db, token.jti)) return { outcome: 'revoked', userId }
  if (user === undefined) return { outcome: 'unknown_user', userId }
  const known = await findAdopted(db, token.digest)
  if (known !== undefined) return { outcome: 'known', ...known, userId: user.id, token }
  if (user.deactivatedAt !== null) return { outcome: 'inactive_user', userId }
  if (await isShutOut(db, user.id, token.issuedAt)) return { outcome: 'revoked', userId }

  const sessionId = newId(now)
  const mayWrite = (await context.mayWrite?.({ sessionId, userId: user.id })) ?? true
  if (!mayWrite) return { outcome: 'limited', sessionId, userId: user.id }
  const successorExpiresAt = now + Math.min(settings.accessTokenTtl, settings.sessionMaxAge)
  const opened = await adoptToken(
    db,
    { ...token, expiresAt, successorExpiresAt },
    newSession(context, { ...presented, id: sessionId, userId: user.id, now, token }),
    presented.origin(),
  )
  if (opened === undefined) return undefined
  if (await isForeignRevoked(db, token.jti)) {
    // The revocation came at the same time.
    await revokeSession(db, { sessionId, reason: 'operator', now, origin: presented.origin() })
    return { outcome: 'revoked', userId }
  }
  const adopted = { sessionId, adoptedAt: now, successorExpiresAt, userId: user.id, token }
  return { outcome: 'adopted', ...adopted, ...opened }
}

const userOf = (
  { db }: SessionContext,
  userBy: AdoptionRules['userBy'],
  subject: string,
): Promise<UserRow | undefined> =>
  userBy === 'id' ? findUser(db, subject) : findUserByName(db, foldCase(subject))

function newSession(
  context: SessionContext,
  {
    kind,
    origin,
    jkt,
    cookie,
    token,
    ...given
  }: Presented & Pick<Known, 'token' | 'userId'> & { readonly id: string; readonly now: number },
) {
  const { settings, keys } = context
  const { id, userId, now } = given
  const { address, userAgent } = origin()
  const absoluteExpiresAt = now + settings.sessionMaxAge
  // Without rotation, and for an access token, the session begins with the presented token itself.
  const isRotated = kind === 'refresh' && settings.rotation
  return {
    ...{ id, userId, now, address, userAgent, absoluteExpiresAt },
    passwordHash: undefined,
    expiresAt: Math.min(now + settings.refreshTokenTtl, absoluteExpiresAt),
    ceiling: settings.sessionsPerUser,
    idleCutoff: idleCutoff(context, now),
    cookieAt: cookie ? now : null,
    jkt: kind === 'refresh' && jkt !== '' ? jkt : undefined,
    reason: 'adopted' as const,
    tokenIssuedAt: token.issuedAt,
    ...(isRotated && {
      generation: 1 as const,
      lineage: writeLineage(1, {
        predecessor: 0,
        copy: undefined,
        caller: markOf(keys, { address, userAgent }),
      }),
    }),
  }
}
