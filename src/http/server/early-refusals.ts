/** What is refused before Hono sees it: in the envelope all the same, with a line in the log, and counted. */
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

/** What answers carry, and who hears of them: nobody, where nobody asked. */
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
 * One line, as every request has: the connection ends with it. Neither method nor path, which may be anything.
 * The address is the connection's, behind a proxy that of the proxy: what it forwards for stands in what nobody could read.
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
    // As in requests.ts
  }
}

/**
 * A request that no URL can be made of, because of an odd Host, say; anything else is a defect of ours.
 *
 * @param socketOf of the request that is being read
 */
export const refuseRequest =
  (refusing: RefusalContext, socketOf: () => Socket | undefined = () => undefined) =>
  (error: unknown): Response => {
    const isTheirs = error instanceof RequestError
    const status = isTheirs ? 400 : 500
    const message = isTheirs ? undefined : 'An unexpected error occurred'
    const { headers, body, requestId } = envelope(refusing, status, message)
    if (!isTheirs) refusing.core?.log.error({ err: error, request_id: requestId }, 'request failed')
    logRefusal(refusing, socketOf(), { requestId, status, reason: isTheirs ? 'invalid_url' : 'failed' })
    return new Response(body, { status, headers })
  }

const cutOff = new WeakMap<IncomingMessage, { readonly status: number; readonly requestId: string }>()

/** What was answered to a request whose body became unreadable, or too slow, while the app had it in hand. */
export const refusalOf = (request: IncomingMessage) => cutOff.get(request)

/** Bytes that the parser does not take for HTTP, or too many, or too slow; and expectations that nobody meets. */
export function refuseBytes(server: Server, refusing: RefusalContext): void {
  const answering = new WeakMap<Socket, ServerResponse<IncomingMessage>>()
  server.on('request', ({ socket }, response) => answering.set(socket, response))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const answer = answering.get(socket)
    const isAnswering = answer?.headersSent === true && !answer.writableEnded
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
      socket.destroy()
      return
    }
    const status = CLIENT_ERRORS[error.code ?? ''] ?? 400
    const { headers, body, requestId } = envelope(refusing, status)
    const lines = Object.entries(headers).map((header) => header.join(': '))
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
    // The app has a line for what it has in hand.
    if (answer?.req.complete === false) cutOff.set(answer.req, { status, requestId })
    else logRefusal(refusing, socket, { requestId, status, reason: error.code ?? 'unknown' })
  })
  server.on('checkExpectation', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const { headers, body, requestId } = envelope(refusing, 417)
    response.writeHead(417, headers).end(body)
    logRefusal(refusing, socket, { requestId, status: 417, reason: 'unknown_expectation' })
  })
}
