import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import type { Check } from './checks.ts'
import { bearerToken } from './credentials.ts'
import { recordRefusal } from './record.ts'
import { failureDraft, send } from './respond.ts'

/** Without `ADMIN_TOKEN`, every path of administration gets 404. */
export function hideAdministration(core: Core): MiddlewareHandler<Env> {
  return async (c, next) => {
    return core.adminToken === undefined ? send(core, c, failureDraft(404, 'Not found.')) : next()
  }
}

/** Runs before validation, so that a client without the token learns nothing about valid requests. */
export const requireAdminToken: Check = (core, c) => {
  const presented = bearerToken(c)
  if (presented === undefined) return send(core, c, failureDraft(401, 'Admin token missing.'))
  if (core.adminToken !== undefined && isSame(presented, core.adminToken)) return undefined
  recordRefusal(core, c, 'admin.refused')
  return send(core, c, failureDraft(401, 'Invalid admin token.'))
}

/** Compares digests in constant time, so that the time reveals nothing about the token, not even its length. */
export function isSame(presented: string, expected: Uint8Array): boolean {
  const digest = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest()
  return timingSafeEqual(digest(presented), digest(expected))
}
