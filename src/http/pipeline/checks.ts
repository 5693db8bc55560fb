import { finished } from 'node:stream/promises'
import type { Context, MiddlewareHandler } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { incomingOf } from '../server/address.ts'
import { failureDraft, send } from './respond.ts'

/** Checks a request before its body is read. @returns a response that refuses it, or undefined */
export type Check = (core: Core, c: Context<Env>) => Response | undefined

const MAX_BODY = 16 * 1024
// What nginx passes on by default
const MAX_DISCARDED = 1024 * 1024

/** Runs the checks in order, then limits the size of the body. */
export function checked(core: Core, checks: readonly Check[]): MiddlewareHandler<Env> {
  const tooLarge = (c: Context<Env>) => send(core, c, failureDraft(413, 'Request body too large.'))
  const limitStream = bodyLimit({ maxSize: MAX_BODY, onError: tooLarge })
  return async (c, next) => {
    for (const check of checks) {
      const refusal = check(core, c)
      if (refusal !== undefined) return discardBody(c).then(() => refusal)
    }
    // The body of a GET is not read.
    if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
    const length = c.req.header('Content-Length')
    if (c.req.header('Transfer-Encoding') !== undefined) return limitStream(c, next)
    // RFC 9112 §6.3: an HTTP/1.1 request without both headers has no body. HTTP/2 and `app.request()` need neither.
    if (length === undefined && incomingOf(c)?.httpVersionMajor !== 1) return limitStream(c, next)
    // bodyLimit would turn the body into a stream. Servers enforce a Content-Length by themselves.
    return Number(length ?? 0) > MAX_BODY ? discardBody(c).then(() => tooLarge(c)) : next()
  }
}

/**
 * Reads the rest of a body of moderate size, if the connection closes with the answer. Unread bytes would reset it: nginx,
 * which by default closes each connection to a service, would answer 502 instead.
 */
async function discardBody(c: Context<Env>): Promise<void> {
  const incoming = incomingOf(c)
  if (incoming === undefined || incoming.complete) return
  const { headers, httpVersion } = incoming
  const isClosing = httpVersion === '1.0' || headers.connection?.toLowerCase() === 'close'
  if (!isClosing || !(Number(headers['content-length']) <= MAX_DISCARDED)) return
  // A client that has gone needs no answer.
  await finished(incoming.resume()).catch(() => {})
}

const JSON_TYPE = 'application/json'
const FORM_TYPE = 'application/x-www-form-urlencoded'

/** RFC 9110 §15.5.16: "due to the request's indicated Content-Type or Content-Encoding" */
const requireType =
  (expected: string): Check =>
  (core, c) => {
    const type = c.req.header('Content-Type')
    const encoding = c.req.header('Content-Encoding')?.toLowerCase() ?? 'identity'
    if (type?.split(';')[0]?.trim().toLowerCase() === expected && encoding === 'identity') {
      // Hono's validator does not accept all parameters (RFC 9110 §5.6.6: `; charset=utf-8`, ` ;`). Neither type defines any.
      if (type !== expected) c.req.raw.headers.set('Content-Type', expected)
      return undefined
    }
    return send(core, c, failureDraft(415, 'Unsupported media type.'))
  }

export const requireJson = requireType(JSON_TYPE)

/** The type of OAuth 2.0's requests (RFC 6749 appendix B) */
export const requireForm = requireType(FORM_TYPE)
