import { createHash, timingSafeEqual } from 'node:crypto'
import type { Context, MiddlewareHandler } from 'hono'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { bearerToken } from './credentials.ts'
import { record } from './record.ts'
import type { Check } from './requests.ts'
import { failureDraft, send } from './respond.ts'

/** Which operations are administration is told by their path alone: none can be added there and be left open. */
export const isAdminPath = (path: string): boolean => path.startsWith('/admin/')

function judge(core: Core, c: Context<Env>): 'Admin token missing.' | 'Invalid admin token.' | undefined {
  const presented = bearerToken(c)
  if (presented === undefined) return 'Admin token missing.'
  if (core.adminToken !== undefined && isSame(presented, core.adminToken)) return undefined
  record(core, c, 'admin.refused')
  return 'Invalid admin token.'
}

/** Without `ADMIN_TOKEN` it is as if nothing were there, whatever the method. */
export function unlessOff(core: Core): MiddlewareHandler<Env> {
  return async (c, next) => {
    return core.adminToken === undefined ? send(core, c, failureDraft(404, 'Not found.')) : next()
  }
}

/** Before all else of an operation: nobody else learns what its requests look like, or makes it read one. */
export function adminOnly(core: Core): Check {
  return (c) => {
    const refusal = judge(core, c)
    return refusal && send(core, c, failureDraft(401, refusal))
  }
}

/** Compares digests, and all of both: the time tells nothing of the token, not even its length. */
export function isSame(presented: string, expected: Uint8Array): boolean {
  const digest = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest()
  return timingSafeEqual(digest(presented), digest(expected))
}
