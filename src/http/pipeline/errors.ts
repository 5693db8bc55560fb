/** The only place where errors become responses. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { incomingOf } from '../server/address.ts'
import { refusalOf } from '../server/early-refusals.ts'
import type { InvalidMember } from './respond.ts'
import { failureDraft, send } from './respond.ts'

/**
 * The response to a request that the server has already refused, because its body was malformed or too slow. It is only
 * logged.
 */
export function cutOff(core: Core, c: Context<Env>): Response | undefined {
  const incoming = incomingOf(c)
  const refusal = incoming && refusalOf(incoming)
  if (refusal === undefined) return undefined
  c.set('requestId', refusal.requestId)
  return send(core, c, failureDraft(refusal.status, 'Request was cut off.'))
}

/** The 400 for a request that does not match the contract. */
export function invalidRequest(core: Core, c: Context<Env>, errors: readonly InvalidMember[]): Response {
  const refused = cutOff(core, c)
  if (refused !== undefined) return refused
  return send(core, c, failureDraft(400, 'Invalid request.', errors))
}

export function errorHandler(core: Core) {
  return (error: Error, c: Context<Env>): Response => {
    const refused = cutOff(core, c)
    if (refused !== undefined) return refused
    // Hono's validator throws this for JSON that it cannot parse. It throws no other HTTPException here.
    if (error instanceof HTTPException && error.status === 400) {
      return invalidRequest(core, c, [{ path: '', reason: 'malformed', message: 'Malformed JSON.' }])
    }
    // The client has gone. This response is only logged.
    const incoming = incomingOf(c)
    if (incoming?.destroyed === true && !incoming.complete) {
      return invalidRequest(core, c, [{ path: '', reason: 'malformed', message: 'Request was cut off.' }])
    }
    core.log.error({ err: error, request_id: c.get('requestId') }, 'request failed')
    if (core.store.isUnavailable(error)) {
      core.failedWrites.count++
      return send(core, c, failureDraft(503, 'Service unavailable.'))
    }
    return send(core, c, failureDraft(500, 'An unexpected error occurred'))
  }
}
