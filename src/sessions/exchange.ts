import { CLOCK_SKEW, isInGrace } from '../clock.ts'
import { idAfter } from '../ids.ts'
import { retryOvertaken } from '../retry.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import type { ClaimedToken, RevokedToken } from '../store/queries/exchange-batch.ts'
import { claimToken, findRevokedToken } from '../store/queries/exchanges.ts'
import { revokeSession } from '../store/queries/revocations.ts'
import { findSession } from '../store/queries/sessions.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { signAccessToken, verifyAccessToken } from '../tokens/access-token.ts'
import { claimsFor } from '../tokens/own-claims.ts'
import type { AdoptionRefusal } from './adopt.ts'
import { adopt } from './adopt.ts'
import type { SessionContext } from './context.ts'
import { settledBefore } from './context.ts'
import { isOffDevice, provenDevice } from './devices.ts'
import type { Access } from './mint.ts'
import { accessKeyOf, secondsBetween, tokenTypeOf } from './mint.ts'
import type { Proven, Unproven } from './unproven.ts'
import { PROVES_NO_KEY, unproven } from './unproven.ts'

export type ExchangeOutcome =
  | ({ readonly outcome: 'exchanged' | 'replayed' } & Access & Subject)
  /** A session was opened for a token of another system. */
  | ({ readonly outcome: 'adopted'; readonly events: readonly NewEvent[] } & Access & Subject)
  | { readonly outcome: 'invalid' | 'disabled'; readonly why?: undefined }
  | AdoptionRefusal
  | ({
      readonly outcome:
        | 'limited'
        | Unproven
        | 'expired'
        | 'unknown_user'
        | 'inactive_user'
        | 'unknown_session'
        | 'revoked'
    } & Subject)
  /**
   * `superseded`: from before a password change. `confined`: EXCHANGE_SESSIONS excludes the session. `off_device`: it is bound
   * to a device, and the request does not prove that it comes from there.
   */
  | ({ readonly outcome: 'superseded' | 'confined' | 'off_device' } & Subject)
  /** `events`: those that were written, none if the session ended in between */
  | ({ readonly outcome: 'reused'; readonly events: readonly NewEvent[] } & Subject)

interface Subject {
  readonly userId: string
  readonly sessionId: string
}

/**
 * Exchanges an access token, expired or not, for a new one. Each token can be exchanged once. Exchanges are bounded,
 * because they make an access token its own refresh credential: see `docs/adr/0002-exchange-bounds.md`.
 *
 * @param origin called only for an authentic token
 * @param proven the keys that the request proves
 */
export async function exchange(
  context: SessionContext,
  accessToken: string,
  origin: () => Origin,
  proven: Proven = PROVES_NO_KEY,
): Promise<ExchangeOutcome> {
  const outcome = await retryOvertaken(() => attempt(context, accessToken, origin, proven))
  if (outcome === undefined) throw new Error('a token that can be exchanged is not exchanged')
  return outcome
}

/** @returns undefined when another writer changed the row between the statements */
async function attempt(
  context: SessionContext,
  accessToken: string,
  origin: () => Origin,
  proven: Proven,
): Promise<ExchangeOutcome | undefined> {
  if (context.settings.exchangeWindow === 0) return { outcome: 'disabled' }
  const now = context.now()
  const verification = verifyAccessToken(context.keys, accessToken, now)
  if (verification.outcome !== 'invalid')
    return exchangeAuthentic(context, verification.token, origin, proven, now)
  if (context.adoption === undefined) return { outcome: 'invalid' }
  return exchangeForeign(context, accessToken, origin, proven)
}

/** Trades an access token of another system for a session, or repeats that. */
async function exchangeForeign(
  context: SessionContext,
  text: string,
  origin: () => Origin,
  proven: Proven,
): Promise<ExchangeOutcome | undefined> {
  const adoption = await adopt(context, { kind: 'access', text, origin, jkt: '', cookie: false })
  if (adoption?.outcome !== 'adopted' && adoption?.outcome !== 'known') return adoption
  const { userId, sessionId, adoptedAt, successorExpiresAt } = adoption
  const { digest: id, expiresAt } = adoption.token
  const token = { id, userId, sessionId, generation: 0, issuedAt: adoptedAt, expiresAt }
  const earlier = { revokedAt: adoptedAt, successorExpiresAt }
  if (adoption.outcome === 'known')
    return exchangeAuthentic(context, token, origin, proven, context.now(), earlier)
  const { session, events } = adoption
  return { ...successor(context, token, { ...session, ...earlier }, adoptedAt), outcome: 'adopted', events }
}

/**
 * @param claimed of a token that is known to have been exchanged
 * @returns undefined when another writer changed the row between the statements
 */
async function exchangeAuthentic(
  context: SessionContext,
  token: AccessToken,
  origin: () => Origin,
  { jkt, device: proves }: Proven,
  now: number,
  claimed?: RevokedToken,
): Promise<ExchangeOutcome | undefined> {
  const { db, settings } = context
  const subject = { userId: token.userId, sessionId: token.sessionId }
  const exchangeableUntil = token.expiresAt + settings.exchangeWindow
  if (exchangeableUntil <= now) return { outcome: 'expired', ...subject }
  if ((token.jkt ?? jkt) !== jkt) return { outcome: unproven(jkt), ...subject }

  const from = origin()
  const device = provenDevice(context, proves, token.sessionId, now)
  const isConfined = settings.exchangeSessions === 'unrotated'
  const mayWrite = (await context.mayWrite?.(subject)) ?? true
  const mayClaim = mayWrite && claimed === undefined
  const claim = mayClaim
    ? await claimToken(db, {
        ...subject,
        ...device,
        jti: token.id,
        generation: token.generation,
        confined: isConfined ? 1 : 0,
        now,
        address: from.address ?? '',
        userAgent: from.userAgent ?? '',
        settledBefore: settledBefore(context, now),
        expiresAt: exchangeableUntil,
        successorExpiresAt: now + settings.accessTokenTtl,
        jkt,
        grace: settings.grace,
        announced: isAnnounced(context, token, now) ? 1 : 0,
      })
    : undefined
  if (claim !== undefined) return { outcome: 'exchanged', ...successor(context, token, claim, now) }

  const state = await findSession(db, subject, now)
  if (state === undefined) return { outcome: 'unknown_user', ...subject }
  if (state.user.deactivatedAt !== null) return { outcome: 'inactive_user', ...subject }
  const { session } = state
  if (session === undefined) return { outcome: 'unknown_session', ...subject }
  if (session.revokedAt !== null) return { outcome: 'revoked', ...subject }
  if (session.absoluteExpiresAt <= now) return { outcome: 'expired', ...subject }
  if (session.jkt !== null && session.jkt !== jkt) return { outcome: unproven(jkt), ...subject }

  if (token.generation < session.startGeneration) return { outcome: 'superseded', ...subject }
  const isContinued = session.generation > session.startGeneration || session.cookieAt !== null
  if (isConfined && isContinued) return { outcome: 'confined', ...subject }
  if (isOffDevice(session, device)) return { outcome: 'off_device', ...subject }

  const earlier = claimed ?? (await findRevokedToken(db, token.id))
  if (earlier === undefined) {
    // The row changed between the statements: for example, the user was activated again.
    return mayWrite ? undefined : { outcome: 'limited', ...subject }
  }
  if (isInGrace(earlier.revokedAt, state.asOf, settings.grace)) {
    return { outcome: 'replayed', ...successor(context, token, { ...session, ...earlier }, now) }
  }
  const { sessionId, generation } = token
  const events = await revokeSession(db, { sessionId, generation, reason: 'reuse', now, origin: from })
  return { outcome: 'reused', ...subject, events }
}

/** Whether APIs that follow the feed have to learn of the exchange: the token still lives when its grace window is over. */
const isAnnounced = ({ feed, settings }: SessionContext, { expiresAt }: AccessToken, now: number) =>
  feed !== undefined && expiresAt + CLOCK_SKEW > now + settings.grace

/** Makes the successor from the rows alone, so that a repetition gets the same token, unless claims were changed since. */
function successor(
  context: SessionContext,
  token: AccessToken,
  claim: Omit<ClaimedToken, 'id'>,
  now: number,
): Access & Subject {
  const jkt = accessKeyOf(context, claim)
  const accessToken = signAccessToken(context.keys, {
    id: idAfter(token.id, claim.revokedAt),
    userId: token.userId,
    sessionId: token.sessionId,
    generation: token.generation,
    issuedAt: claim.revokedAt,
    expiresAt: claim.successorExpiresAt,
    jkt,
    claims: claimsFor(claim),
  })
  return {
    accessToken,
    expiresIn: secondsBetween(now, claim.successorExpiresAt),
    tokenType: tokenTypeOf(jkt),
    userId: token.userId,
    sessionId: token.sessionId,
  }
}
