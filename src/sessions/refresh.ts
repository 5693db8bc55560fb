import { retryOvertaken } from '../retry.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import { insertOnce } from '../store/queries/events.ts'
import { revokeSession } from '../store/queries/revocations.ts'
import type { FoundSession, SessionState } from '../store/queries/sessions.ts'
import { findSession, rotateSession, touchSession } from '../store/queries/sessions.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import { verifyRefreshToken } from '../tokens/refresh-token.ts'
import type { AdoptionRefusal } from './adopt.ts'
import { adopt } from './adopt.ts'
import { classify } from './classify.ts'
import type { SessionContext } from './context.ts'
import { provenDevice } from './devices.ts'
import type { Caller } from './marks.ts'
import { markOf } from './marks.ts'
import type { Grant } from './mint.ts'
import { mintAccess, mintRefreshToken } from './mint.ts'
import { lateRotationOf, rotationOf } from './rotation.ts'
import type { Proven, Unproven } from './unproven.ts'
import { PROVES_NO_KEY, unproven } from './unproven.ts'

export type RefreshRefusal =
  | 'unknown_user'
  | 'inactive_user'
  | 'unknown_session'
  | 'revoked'
  | 'expired'
  | 'superseded'

interface Granted extends Grant {
  /** `late`: rotated by a late retry. `adopted`: opened for a token of another system */
  readonly outcome: 'rotated' | 'replayed' | 'late' | 'refreshed' | 'adopted'
  /** The events that were written */
  readonly events: readonly NewEvent[]
  /** Of a rotation: how long ago the presented token was issued, in milliseconds */
  readonly age?: number
}

/** Refusals are outcomes, not exceptions: an exception would roll back the revocation after a reuse. */
export type RefreshOutcome =
  | Granted
  | { readonly outcome: 'invalid'; readonly why?: undefined }
  | AdoptionRefusal
  | {
      readonly outcome: 'limited' | Unproven | RefreshRefusal
      readonly userId: string
      readonly sessionId: string
    }
  | {
      /** `off_device`: only refused. The others have ended the session. */
      readonly outcome: 'reused' | 'shared' | 'restored' | 'off_device'
      readonly userId: string
      readonly sessionId: string
      /** The events that were written: none if the session ended in between, or the same was told before */
      readonly events: readonly NewEvent[]
    }

/**
 * Trades a refresh token for an access token and, with rotation, for its successor.
 *
 * RFC 9700 §4.14.2: "the authorization server issues a new refresh token with every access token refresh response.
 * The previous refresh token is invalidated, but information about the relationship is retained."
 *
 * @param origin called only for an authentic token
 * @param proven the keys that the request proves. That of DPoP binds the session, if it is not bound yet
 * @param cookie whether the successor is handed out as a cookie
 */
export async function refresh(
  context: SessionContext,
  refreshToken: string,
  origin: () => Origin,
  proven: Proven = PROVES_NO_KEY,
  cookie = false,
): Promise<RefreshOutcome> {
  const outcome = await retryOvertaken(() => attempt(context, refreshToken, origin, proven, cookie))
  if (outcome === undefined) throw new Error('a session that can be rotated is not rotated')
  return outcome
}

/** @returns undefined when another writer changed the row between the statements */
async function attempt(
  context: SessionContext,
  refreshToken: string,
  origin: () => Origin,
  proven: Proven,
  cookie: boolean,
): Promise<RefreshOutcome | undefined> {
  const now = context.now()
  const verification = verifyRefreshToken(context.keys, refreshToken, now)
  if (verification.outcome === 'invalid') {
    if (context.adoption === undefined) return { outcome: 'invalid' }
    return refreshForeign(context, refreshToken, origin, proven, cookie)
  }
  const { userId, sessionId, jkt: boundTo = proven.jkt } = verification.token
  if (verification.outcome === 'expired') return { outcome: 'expired', userId, sessionId }
  // Nothing is read or changed: who has only the token cannot even end the session.
  if (boundTo !== proven.jkt) return { outcome: unproven(proven.jkt), userId, sessionId }
  return refreshAuthentic(context, verification.token, origin, proven, now)
}

/** Trades a token of another system for a session, or repeats that. */
async function refreshForeign(
  context: SessionContext,
  text: string,
  origin: () => Origin,
  proven: Proven,
  cookie: boolean,
): Promise<RefreshOutcome | undefined> {
  const adoption = await adopt(context, { kind: 'refresh', text, origin, jkt: proven.jkt, cookie })
  switch (adoption?.outcome) {
    case undefined:
      return undefined
    case 'adopted':
      return grant(context, 'adopted', adoption.session, origin(), adoption.adoptedAt, adoption.events)
    case 'known': {
      const { userId, sessionId, adoptedAt: issuedAt, token } = adoption
      // It stands for the generation that the session began with.
      const presented = { userId, sessionId, generation: 0, issuedAt, expiresAt: token.expiresAt }
      const outcome = await refreshAuthentic(context, presented, origin, proven, context.now())
      if (outcome?.outcome !== 'refreshed') return outcome
      return { ...outcome, refreshToken: mintRefreshToken(context, outcome.session, origin()) }
    }
    default:
      return adoption
  }
}

/** @returns undefined when another writer changed the row between the statements */
async function refreshAuthentic(
  context: SessionContext,
  { userId, sessionId, generation, issuedAt, mark }: RefreshToken,
  origin: () => Origin,
  { jkt, device: proves }: Proven,
  now: number,
): Promise<RefreshOutcome | undefined> {
  const { db, keys, settings } = context

  const from = origin()
  const caller = markOf(keys, from)
  const device = provenDevice(context, proves, sessionId, now)
  const presented = { sessionId, userId, generation, issuedAt, mark, caller, jkt, ...device }
  const mayWrite = (await context.mayWrite?.(presented)) ?? true
  if (!mayWrite) {
    // Limited: nothing is written unless the token is superseded.
  } else if (settings.rotation) {
    const session = await rotateSession(
      db,
      rotationOf(context, presented, from, now),
      settings.refreshTokenTtl,
    )
    if (session !== undefined)
      return { ...grant(context, 'rotated', session, from, now), age: now - issuedAt }
  } else {
    const session = await touchSession(db, rotationOf(context, presented, from, now))
    if (session !== undefined) return grant(context, 'refreshed', session, from, now)
  }

  const state = await findSession(db, presented, now)
  const windows = { grace: settings.grace, lateRetry: settings.rotation ? settings.lateRetry : 0 }
  const outcome = classify(state, { ...presented, mayRenew: proves.mayRenew() }, now, windows)
  const end = (reason: 'reuse' | 'restored' | 'shared') =>
    revokeSession(db, { sessionId, generation, reason, now, origin: from })
  // A thief with a copy of the cookies does not get further. The session goes on where its key is.
  const refuseOffDevice = async (): Promise<RefreshOutcome> => {
    const event = { name: 'token.unproven', userId, sessionId } as const
    const isFirst = await insertOnce(db, event, [sessionId, generation], now, from)
    return { outcome: 'off_device', userId, sessionId, events: isFirst ? [event] : [] }
  }
  switch (outcome) {
    case 'current':
      // The row changed between the two statements: for example, the user was activated again.
      return mayWrite ? undefined : { outcome: 'limited', userId, sessionId }
    case 'replayed':
      return grant(context, outcome, found(state), from, now)
    case 'late': {
      if (!mayWrite) return { outcome: 'limited', userId, sessionId }
      const late = lateRotationOf(context, presented, found(state), from, now)
      const session = await rotateSession(db, late, settings.refreshTokenTtl)
      return session === undefined ? undefined : grant(context, outcome, session, from, now)
    }
    case 'unproven':
      return { outcome: unproven(jkt), userId, sessionId }
    case 'shared': {
      if (settings.sharedTokens === 'end') return { outcome, userId, sessionId, events: await end('shared') }
      if (found(state).generation === generation) return refuseOffDevice()
      const event = { name: 'token.shared', userId, sessionId } as const
      const isNew = await insertOnce(db, event, [sessionId, generation], now, from)
      const { jkt: boundTo } = found(state)
      if (boundTo !== null) return { outcome: unproven(jkt), userId, sessionId }
      return grant(context, 'replayed', found(state), from, now, isNew ? [event] : [])
    }
    case 'off_device':
      return refuseOffDevice()
    case 'reused':
      // RFC 9700 §4.14.2: "If a refresh token is compromised and subsequently used by both the attacker and the
      // legitimate client, one of them will present an invalidated refresh token, which will inform the authorization
      // server of the breach."
      return { outcome, userId, sessionId, events: await end('reuse') }
    case 'restored':
      // After a restore, a superseded token may be current again. Revoking stops a thief who holds it.
      return { outcome, userId, sessionId, events: await end('restored') }
    default:
      return { outcome, userId, sessionId }
  }
}

function found(state: SessionState | undefined): FoundSession {
  if (state?.session === undefined) throw new TypeError('a retry without a session')
  return state.session
}

function grant(
  context: SessionContext,
  outcome: Granted['outcome'],
  session: Grant['session'],
  caller: Caller,
  now: number,
  events: readonly NewEvent[] = [],
): Granted {
  return {
    outcome,
    session,
    events,
    ...mintAccess(context, session, now),
    refreshToken: outcome === 'refreshed' ? undefined : mintRefreshToken(context, session, caller),
  }
}
