import type { Context } from 'hono'
import type { Authentication } from '../../sessions/authenticate.ts'
import { authenticate } from '../../sessions/authenticate.ts'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { bearerToken } from './credentials.ts'
import { record } from './record.ts'

const INVALID = [401, 'Invalid access token.'] as const

// Why a token is refused is for the log, not for whoever presents it.
const REFUSALS = {
  invalid: INVALID,
  unknown_session: INVALID,
  revoked: INVALID,
  session_expired: INVALID,
  spent: INVALID,
  expired: [401, 'Access token has expired.'],
  unknown_user: [404, 'User not found.'],
  inactive_user: [403, 'User is inactive.'],
} as const

type AccessRefusal = readonly [
  status: 401 | 403 | 404,
  message: 'Access token missing.' | (typeof REFUSALS)[keyof typeof REFUSALS][1],
]

/** Who asks, by access token; otherwise the failure to answer with. */
export async function requireAccess(
  core: Core,
  c: Context<Env>,
): Promise<Extract<Authentication, { outcome: 'authenticated' }> | { readonly refusal: AccessRefusal }> {
  const token = bearerToken(c)
  if (token === undefined) return { refusal: [401, 'Access token missing.'] }
  const result = await authenticate(core, token)
  if (result.outcome === 'authenticated') return result
  record(core, c, 'token.refused', { ...result, reason: result.outcome })
  return { refusal: REFUSALS[result.outcome] }
}
