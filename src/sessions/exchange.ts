import { CLOCK_SKEW, isInGrace } from '../clock.ts'
import { idAfter } from '../ids.ts'
import { retryOvertaken } from '../retry.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import type { ClaimedToken } from '../store/queries/exchange-batch.ts'
import { claimToken, findRevokedToken } from '../store/queries/exchanges.ts'
import { revokeSession } from '../store/queries/revocations.ts'
import { findSession } from '../store/queries/sessions.ts'
import type { AccessToken } from '../tokens/access-token.ts'
import { signAccessToken, verifyAccessToken } from '../tokens/access-token.ts'
import { claimsFor } from '../tokens/own-claims.ts'
import type { SessionContext } from './context.ts'
import { settledBefore } from './context.ts'
import { isOffDevice, provenDevice } from './devices.ts'
import type { Access } from './mint.ts'
import { accessKeyOf, secondsBetween, tokenTypeOf } from './mint.ts'
import type { Proven, Unproven } from './unproven.ts'
import { PROVES_NO_KEY, unproven } from './unproven.ts'

export type ExchangeOutcome =
  | ({ readonly outcome: 'exchanged' | 'replayed' } & Access & Subject)
  | { readonly outcome: 'invalid' | 'disabled' }
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
  { jkt, device: proves }: Proven,
): Promise<ExchangeOutcome | undefined> {
  const { db, keys, settings } = context
  if (settings.exchangeWindow === 0) return { outcome: 'disabled' }
  const now = context.now()
  const verification = verifyAccessToken(keys, accessToken, now)
  if (verification.outcome === 'invalid') return { outcome: 'invalid' }
  const { token } = verification
  const subject = { userId: token.userId, sessionId: token.sessionId }
  const exchangeableUntil = token.expiresAt + settings.exchangeWindow
  if (exchangeableUntil <= now) return { outcome: 'expired', ...subject }
  if ((token.jkt ?? jkt) !== jkt) return { outcome: unproven(jkt), ...subject }

  const from = origin()
  const device = provenDevice(context, proves, token.sessionId, now)
  const isConfined = settings.exchangeSessions === 'unrotated'
  const mayWrite = (await context.mayWrite?.(subject)) ?? true
  const claim = mayWrite
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
  if (claim !== undefined) return successor(context, 'exchanged', token, claim, now)

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

  const earlier = await findRevokedToken(db, token.id)
  if (earlier === undefined) {
    // The row changed between the statements: for example, the user was activated again.
    return mayWrite ? undefined : { outcome: 'limited', ...subject }
  }
  if (isInGrace(earlier.revokedAt, state.asOf, settings.grace)) {
    return successor(context, 'replayed', token, { ...session, ...earlier }, now)
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
  outcome: 'exchanged' | 'replayed',
  token: AccessToken,
  claim: Omit<ClaimedToken, 'id'>,
  now: number,
): ExchangeOutcome {
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
    outcome,
    accessToken,
    expiresIn: secondsBetween(now, claim.successorExpiresAt),
    tokenType: tokenTypeOf(jkt),
    userId: token.userId,
    sessionId: token.sessionId,
  }
}
