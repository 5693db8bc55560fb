import type { Context } from 'hono'
import type { Env } from '../contract.ts'
import { isSame } from './admin-access.ts'
import type { Check } from './checks.ts'
import { bearerToken } from './credentials.ts'
import { setHeader } from './headers.ts'
import { nameRefusal } from './record.ts'
import { failureDraft, send } from './respond.ts'

// Anyone can send a wrong token, and no guess at 32 random bytes succeeds, so that a refusal is logged and not stored.
const refuse = (c: Context<Env>, reason: string) => nameRefusal(c, 'token.refused', { reason })

export const requireRevocationsToken: Check = (core, c) => {
  if (core.revocationsToken === undefined) return send(core, c, failureDraft(404, 'Not found.'))
  const presented = bearerToken(c)
  if (presented === undefined) return send(core, c, failureDraft(401, 'Revocations token missing.'))
  if (isSame(presented, core.revocationsToken)) return undefined
  refuse(c, 'revocations_token')
  return send(core, c, failureDraft(401, 'Invalid revocations token.'))
}

export const requireIntrospectionToken: Check = (core, c) => {
  if (core.introspectionToken === undefined) return send(core, c, failureDraft(404, 'Not found.'))
  const basic = basicPassword(c)
  const presented = basic ?? bearerToken(c)
  if (presented === undefined) return send(core, c, failureDraft(401, 'Introspection token missing.'))
  if (isSame(presented, core.introspectionToken)) return undefined
  refuse(c, 'introspection_token')
  // RFC 6749 §5.2: "matching the authentication scheme used by the client"
  if (basic !== undefined) setHeader(c, 'WWW-Authenticate', 'Basic realm="rekindle", charset="UTF-8"')
  return send(core, c, failureDraft(401, 'Invalid introspection token.'))
}

/** RFC 7617, with the name and the password encoded as in a form (RFC 6749 §2.3.1) */
function basicPassword(c: Context<Env>): string | undefined {
  const [, base64] = /^Basic[ ]+([A-Za-z0-9+/]+=*)$/i.exec(c.req.header('Authorization') ?? '') ?? []
  if (base64 === undefined) return undefined
  const password = Buffer.from(base64, 'base64').toString().split(':').slice(1).join(':')
  try {
    return decodeURIComponent(password.replaceAll('+', '%20'))
  } catch {
    return password
  }
}
