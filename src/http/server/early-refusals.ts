/** Refuses requests that Hono never sees. They get the envelope, a line in the log and a count too. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RequestError } from '@hono/node-server'
import type { Core } from '../core.ts'
import { plainAddress } from './address.ts'

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/** Headers for the answers. Without `core`, refusals are neither logged nor counted. */
export interface RefusalContext {
  readonly security: Readonly<Record<string, string>>
  readonly core: Pick<Core, 'log' | 'metrics'> | undefined
}

function envelope({ security }: RefusalContext, code: number, message = `${STATUS_CODES[code]}.`) {
  const requestId = randomUUID()
  const body = JSON.stringify({ status: 'error', code, message })
  const headers = {
    ...security,
    'Content-Length': String(body.length),
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': requestId,
    Connection: 'close',
  }
  return { headers, body, requestId }
}

/**
 * Logs a refusal like a request, but without method and path, which may be anything. The address is that of the
 * connection, so behind a proxy it is the proxy's: the headers could not be read.
 */
function logRefusal(
  { core }: RefusalContext,
  socket: Socket | undefined,
  line: { readonly requestId: string; readonly status: number; readonly reason: string },
): void {
  core?.metrics?.refused(line.status)
  const address = socket?.remoteAddress
  try {
    core?.log.info(
      {
        request_id: line.requestId,
        status: line.status,
        reason: line.reason,
        address: address === undefined ? null : plainAddress(address),
      },
      'request',
    )
  } catch {
    // A failing log must not change the answer.
  }
}

/**
 * Answers errors of node-server. A request without a valid URL, for example because of its Host, gets 400. Any other
 * error is a defect of ours.
 *
 * @param socketOf the socket of the request that is being read
 */
export const refuseRequest =
  (context: RefusalContext, socketOf: () => Socket | undefined = () => undefined) =>
  (error: unknown): Response => {
    const isBadRequest = error instanceof RequestError
    const status = isBadRequest ? 400 : 500
    const message = isBadRequest ? undefined : 'An unexpected error occurred'
    const { headers, body, requestId } = envelope(context, status, message)
    if (!isBadRequest) context.core?.log.error({ err: error, request_id: requestId }, 'request failed')
    logRefusal(context, socketOf(), { requestId, status, reason: isBadRequest ? 'invalid_url' : 'failed' })
    return new Response(body, { status, headers })
  }

const refusals = new WeakMap<IncomingMessage, { readonly status: number; readonly requestId: string }>()

/** The answer to a request that was cut off while the app handled it: its body was malformed or too slow. */
export const refusalOf = (request: IncomingMessage) => refusals.get(request)

/** Answers input that is not HTTP, too large or too slow, and unknown expectations (`Expect`). */
export function refuseBytes(server: Server, context: RefusalContext): void {
  const answering = new WeakMap<Socket, ServerResponse>()
  server.on('request', ({ socket }, response) => answering.set(socket, response))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const answer = answering.get(socket)
    const isAnswering = answer?.headersSent === true && !answer.writableEnded
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
      socket.destroy()
      return
    }
    const status = CLIENT_ERRORS[error.code ?? ''] ?? 400
    const { headers, body, requestId } = envelope(context, status)
    const lines = Object.entries(headers).map((header) => header.join(': '))
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
    // The app itself logs the requests that it handles.
    if (answer?.req.complete === false) refusals.set(answer.req, { status, requestId })
    else logRefusal(context, socket, { requestId, status, reason: error.code ?? 'unknown' })
  })
  server.on('checkExpectation', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const { headers, body, requestId } = envelope(context, 417)
    response.writeHead(417, headers).end(body)
    logRefusal(context, socket, { requestId, status: 417, reason: 'unknown_expectation' })
  })
}
