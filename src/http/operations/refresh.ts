import type { Context } from 'hono'
import type { operations } from '../../../generated/types.ts'
import type { ExchangeOutcome } from '../../sessions/exchange.ts'
import { exchange } from '../../sessions/exchange.ts'
import type { RefreshOutcome } from '../../sessions/refresh.ts'
import { refresh } from '../../sessions/refresh.ts'
import type { Env, Handlers } from '../contract.ts'
import type { Core } from '../core.ts'
import { setRefreshCookie } from '../pipeline/credentials.ts'
import { clearBoundCookie, offerAgain, provenBy } from '../pipeline/devices.ts'
import { setHeader } from '../pipeline/headers.ts'
import { tooMany } from '../pipeline/limits.ts'
import { offerNonce, proofFailure, proofOf, proofReason, provenKey } from '../pipeline/proofs.ts'
import { logEvents, logOutcome, nameRefusal, originOf, recordRefusal } from '../pipeline/record.ts'
import { refreshCredential } from '../pipeline/refresh-credential.ts'

// RFC 9745 §2.1: seconds since the epoch, as a structured date
const DEPRECATED_SINCE: operations['exchangeToken']['responses'][200]['headers']['Deprecation'] =
  '@1795996800'

/** Handlers of the contract's tag `tokens` */
export const refreshHandlers = (core: Core): Pick<Handlers, 'refreshToken' | 'exchangeToken'> => ({
  async refreshToken(c, { success, failure }) {
    const credential = refreshCredential(core, c)
    if (credential.outcome === 'conflicting' || credential.outcome === 'missing') {
      nameRefusal(c, 'token.refused', { reason: credential.outcome, kind: 'refresh' })
      return credential.outcome === 'missing'
        ? failure(401, 'Refresh token missing.')
        : failure(400, 'Conflicting refresh tokens.')
    }

    const { token, isCookie } = credential
    const proof = proofOf(core, c, { token })
    const unusable = proofFailure(proof)
    if (unusable !== undefined) {
      nameRefusal(c, 'token.refused', { reason: proofReason(proof), kind: 'refresh' })
      return failure(401, unusable)
    }
    const origin = () => originOf(core, c, 'refresh')
    const device = provenBy(core, c)
    const proven = { jkt: provenKey(proof), device }
    const result = await refresh(core, token, origin, proven, isCookie)
    core.metrics?.refreshed(result.outcome)
    if (result.outcome === 'limited') return failure(429, limitedSession(core, c, result))
    recordRefresh(core, c, result)
    switch (result.outcome) {
      case 'rotated':
      case 'replayed':
      case 'late':
      case 'refreshed':
      case 'adopted': {
        const { accessToken, expiresIn, tokenType, refreshToken, session } = result
        offerNonce(core, c)
        if (isCookie && refreshToken !== undefined) {
          setRefreshCookie(c, core.settings, refreshToken, session.expiresAt, core.now())
        }
        // A bound session has proven its key. Of several equal requests one has an age, so that the browser registers once.
        const age = result.outcome === 'adopted' ? Number.POSITIVE_INFINITY : result.age
        if (isCookie && device.keyFor(session.id) === '') offerAgain(core, c, session.id, age)
        return success(200, {
          message: 'Access token refreshed successfully',
          access_token: accessToken,
          token_type: tokenType,
          expires_in: expiresIn,
          ...(!isCookie && refreshToken !== undefined && { refresh_token: refreshToken }),
        })
      }
      case 'unavailable':
        return failure(503, 'Service unavailable.')
      case 'off_device':
        if (!device.mayRenew()) return failure(401, 'Device proof required.')
        clearBoundCookie(c, core.settings)
        return failure(503, 'Service unavailable.')
      case 'unproven':
        return failure(401, 'DPoP proof missing.')
      case 'mismatched':
        return failure(401, 'DPoP key mismatch.')
      case 'expired':
        return failure(401, 'Refresh token has expired.')
      case 'unknown_user':
        return failure(404, 'User not found.')
      case 'inactive_user':
        return failure(403, 'User is inactive.')
      // The reason of a refusal is for the log. The client must not learn it.
      case 'invalid':
      case 'unknown_session':
      case 'revoked':
      case 'superseded':
      case 'reused':
      case 'shared':
      case 'restored':
        return failure(401, 'Invalid refresh token.')
    }
  },

  async exchangeToken(c, { body, json, failure }) {
    const proof = proofOf(core, c, { token: body.token })
    const unusable = proofFailure(proof)
    if (unusable !== undefined) {
      nameRefusal(c, 'token.refused', { reason: proofReason(proof), kind: 'exchange' })
      return failure(401, unusable)
    }
    const origin = () => originOf(core, c, 'exchange')
    const result = await exchange(core, body.token, origin, {
      jkt: provenKey(proof),
      device: provenBy(core, c),
    })
    core.metrics?.exchanged(result.outcome)
    if (result.outcome === 'limited') return failure(429, limitedSession(core, c, result))
    recordExchange(core, c, result)
    switch (result.outcome) {
      case 'exchanged':
      case 'replayed':
      case 'adopted':
        setHeader(c, 'Deprecation', DEPRECATED_SINCE)
        offerNonce(core, c)
        return json(200, {
          access_token: result.accessToken,
          token_type: result.tokenType,
          expires_in: result.expiresIn,
        })
      case 'unavailable':
        return failure(503, 'Service unavailable.')
      case 'unproven':
        return failure(401, 'DPoP proof missing.')
      case 'mismatched':
        return failure(401, 'DPoP key mismatch.')
      case 'expired':
        return failure(401, 'Access token has expired.')
      case 'unknown_user':
        return failure(404, 'User not found.')
      case 'inactive_user':
        return failure(403, 'User is inactive.')
      case 'disabled':
      case 'confined':
      case 'off_device':
        return failure(403, 'Exchange is disabled.')
      case 'invalid':
      case 'unknown_session':
      case 'revoked':
      case 'superseded':
      case 'reused':
        return failure(401, 'Invalid access token.')
    }
  },
})

const limitedSession = (
  core: Core,
  c: Context<Env>,
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
) => tooMany(core, c, core.limits.refusalOfSession({ userId, sessionId }), { userId, sessionId })

function recordRefresh(core: Core, c: Context<Env>, result: RefreshOutcome): void {
  const kind = 'refresh'
  switch (result.outcome) {
    case 'rotated':
    case 'replayed':
    case 'late':
    case 'refreshed':
    case 'adopted': {
      const { userId, id: sessionId } = result.session
      logEvents(core, c, result.events, kind)
      // Its event says that a session was opened.
      if (result.outcome === 'adopted') break
      const subject = { userId, sessionId, kind } as const
      if (result.outcome === 'late') logOutcome(core, c, 'token.rotated', { ...subject, reason: 'late' })
      else logOutcome(core, c, `token.${result.outcome}`, subject)
      break
    }
    case 'reused':
    case 'shared':
    case 'restored':
    case 'off_device':
      recordEnd(core, c, result, kind)
      break
    default:
      recordRefusal(core, c, 'token.refused', { ...result, reason: reasonOf(result), kind })
  }
}

/** Why a token of another system is refused is for the operator, whose settings may be wrong. */
const reasonOf = (refusal: { readonly outcome: string; readonly why?: string | undefined }) =>
  refusal.why ?? refusal.outcome

function recordExchange(core: Core, c: Context<Env>, result: ExchangeOutcome): void {
  const kind = 'exchange'
  switch (result.outcome) {
    case 'exchanged':
    case 'replayed':
      logOutcome(core, c, `token.${result.outcome}`, { ...result, kind })
      break
    case 'adopted':
      logEvents(core, c, result.events, kind)
      break
    case 'reused':
      recordEnd(core, c, result, kind)
      break
    default:
      recordRefusal(core, c, 'token.refused', { ...result, reason: reasonOf(result), kind })
  }
}

const ENDS = {
  reused: 'token.reuse_detected',
  shared: 'token.shared',
  restored: 'session.restored',
  off_device: 'token.unproven',
} as const

/** If another request ended the session or was told of first, this one was only refused. */
function recordEnd(
  core: Core,
  c: Context<Env>,
  result: Extract<RefreshOutcome, { readonly outcome: keyof typeof ENDS }>,
  kind: 'refresh' | 'exchange',
): void {
  if (result.events.length > 0) {
    logEvents(core, c, result.events, kind)
    nameRefusal(c, ENDS[result.outcome], { ...result, kind })
  } else recordRefusal(core, c, 'token.refused', { ...result, reason: result.outcome, kind })
}
