import { authenticate } from '../../sessions/authenticate.ts'
import type { Access, Handler, OperationWith, Reply, Respond } from '../contract.ts'
import type { Core } from '../core.ts'
import { bearerToken, dpopTokens } from './credentials.ts'
import { proofFailure, proofOf, proofReason, provenKey } from './proofs.ts'
import { nameRefusal, recordRefusal } from './record.ts'

/** The operations that need an access token */
type AccessOperation = OperationWith<401, 'Access token missing.'>

type Unusable = 'Access token missing.' | 'DPoP proof missing.' | NonNullable<ReturnType<typeof proofFailure>>

const INVALID = [401, 'Invalid access token.'] as const

// The reason of a refusal is for the log. The client must not learn it.
const REFUSALS = {
  invalid: INVALID,
  unknown_session: INVALID,
  revoked: INVALID,
  session_expired: INVALID,
  superseded: INVALID,
  spent: INVALID,
  mismatched: INVALID,
  unproven: [401, 'DPoP proof missing.'],
  expired: [401, 'Access token has expired.'],
  // As an expired one: the client has to refresh, and the session goes on.
  outdated: [401, 'Access token has expired.'],
  unknown_user: [404, 'User not found.'],
  inactive_user: [403, 'User is inactive.'],
} as const

/**
 * Requires a valid access token. The handler gets its user and session from `c.get('access')`.
 *
 * @param mayRepeat whether a superseded token is accepted, which must not do anything new
 */
export function requireAccess<Id extends AccessOperation>(
  core: Core,
  handler: Handler<Id>,
  mayRepeat: (access: Access) => Promise<boolean> = async () => false,
): Handler<Id> {
  return async (c, operation) => {
    // TypeScript cannot resolve the statuses of a type parameter. Here they are checked for all operations of its constraint.
    const { failure } = operation as unknown as Respond<AccessOperation>
    const refuse = (reason: string, message: Unusable) => {
      nameRefusal(c, 'token.refused', { reason })
      return failure(401, message) as Reply<Id>
    }
    const bearer = bearerToken(c)
    const [bound] = bearer === undefined ? dpopTokens(c) : []
    const token = bearer ?? bound
    if (token === undefined) return refuse('missing', 'Access token missing.')
    const proof = bound === undefined ? undefined : proofOf(core, c, { token: bound, needsHash: true })
    if (proof?.outcome === 'none') return refuse('unproven', 'DPoP proof missing.')
    const unusable = proof && proofFailure(proof)
    if (proof && unusable !== undefined) return refuse(proofReason(proof), unusable)
    const result = await authenticate(core, token, proof && provenKey(proof))
    const isAccepted =
      result.outcome === 'authenticated' || (result.outcome === 'superseded' && (await mayRepeat(result)))
    if (!isAccepted) {
      recordRefusal(core, c, 'token.refused', { ...result, reason: result.outcome })
      const [status, message] = REFUSALS[result.outcome]
      return failure(status, message) as Reply<Id>
    }
    c.set('access', result)
    return handler(c, operation)
  }
}
