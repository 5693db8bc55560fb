/** Errors become responses here, and nowhere else. */
import type { Context } from 'hono'
import { HTTPException } from 'hono/http-exception'
import { TooBusyError } from '../../users/passwords.ts'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { refusalOf } from '../server/early-refusals.ts'
import { failureDraft, send } from './respond.ts'

interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** A body, or a part of the path, that does not fit the contract */
export function invalidRequest(core: Core, c: Context<Env>, issues: readonly Issue[]): Response {
  const errors = issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message }))
  return send(core, c, failureDraft(400, 'Invalid request.', errors))
}

export function errorHandler(core: Core) {
  return (error: Error, c: Context<Env>): Response => {
    // Only node-server has it.
    const incoming = (c.env as Partial<Env['Bindings']> | undefined)?.incoming
    // The server has answered this request already; this response is for its line in the log.
    const refusal = incoming && refusalOf(incoming)
    if (refusal !== undefined) {
      c.set('requestId', refusal.requestId)
      return send(core, c, failureDraft(refusal.status, 'Request was cut off.'))
    }
    // Hono's validator throws this for JSON that it cannot parse. It throws no other HTTPException here.
    if (error instanceof HTTPException && error.status === 400) {
      return invalidRequest(core, c, [{ path: [], message: 'Malformed JSON.' }])
    }
    // The client has gone; this response is for the request's line in the log.
    if (incoming?.destroyed === true && !incoming.complete) {
      return invalidRequest(core, c, [{ path: [], message: 'Request was cut off.' }])
    }
    if (error instanceof TooBusyError) return send(core, c, failureDraft(503, 'Too many logins at once.'))
    core.log.error({ err: error, request_id: c.get('requestId') }, 'request failed')
    if (core.store.isUnavailable(error)) {
      core.failedWrites.count++
      return send(core, c, failureDraft(503, 'Service unavailable.'))
    }
    return send(core, c, failureDraft(500, 'An unexpected error occurred'))
  }
}
