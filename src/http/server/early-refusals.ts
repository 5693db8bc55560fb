/** Refuses requests that Hono never sees. They get the envelope, a line in the log and a count too. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RequestError } from '@hono/node-server'
import type { Core } from '../core.ts'
import { plainAddress } from './address.ts'

/** For `Rekindle-Error`, as in the description of the contract */
const WORDS: Readonly<Record<number, string>> = {
  400: 'bad_request',
  408: 'request_timeout',
  417: 'expectation_failed',
  431: 'headers_too_large',
  500: 'unexpected_error',
}

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
    ...(WORDS[code] !== undefined && { 'Rekindle-Error': WORDS[code] }),
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

interface Refusal {
  readonly status: number
  readonly requestId: string
}

// A request is either refused here or carried out by the app, never both.
const refusals = new WeakMap<IncomingMessage, Refusal>()
const carriedOut = new WeakSet<IncomingMessage>()

/** The answer to a request whose body was malformed or too slow, so that the app must not carry it out. */
export const refusalOf = (request: IncomingMessage): Refusal | undefined => refusals.get(request)

/** Keeps the server from refusing a request, because the app carries it out without waiting for its body. */
export function carryOut(request: IncomingMessage): void {
  if (!request.complete) carriedOut.add(request)
}

/** The last response of a connection, and the one before it. A connection sends its responses in order. */
interface Pending {
  readonly response: ServerResponse
  readonly before: ServerResponse | undefined
}

/**
 * Answers input that is not HTTP, too large or too slow, and unknown expectations (`Expect`). Ends its connections.
 *
 * @param linger milliseconds
 * @returns whether a connection is ending. RFC 9112 §9.6: "A server that sends a 'close' connection option MUST NOT process
 * any further requests received on that connection."
 */
export function refuseBytes(
  server: Server,
  context: RefusalContext,
  linger: number,
): (socket: Socket) => boolean {
  const pending = new WeakMap<Socket, Pending>()
  const ending = new WeakSet<Socket>()
  server.on('request', ({ socket }, response) => {
    if (!ending.has(socket)) pending.set(socket, { response, before: pending.get(socket)?.response })
  })
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET') socket.destroy()
    // A socket that is not writable is being destroyed by Node.
    if (!socket.writable || ending.has(socket)) return
    ending.add(socket)
    const { response, before } = pending.get(socket) ?? {}
    const unread = response?.req.complete === false ? response : undefined
    if (unread !== undefined && (unread.headersSent || carriedOut.has(unread.req))) {
      unread.shouldKeepAlive = false
      afterwards(unread, () => end(socket, linger))
      return
    }
    const status = CLIENT_ERRORS[error.code ?? ''] ?? 400
    const { headers, body, requestId } = envelope(context, status)
    const lines = Object.entries(headers).map((header) => header.join(': '))
    const answer = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
    // The app itself logs the requests that it handles.
    if (unread !== undefined) refusals.set(unread.req, { status, requestId })
    else logRefusal(context, socket, { requestId, status, reason: error.code ?? 'unknown' })
    afterwards(unread === undefined ? response : before, () => end(socket, linger, answer))
  })
  server.on('checkExpectation', ({ socket }: IncomingMessage, response: ServerResponse) => {
    refuse(context, socket, response, 417, 'unknown_expectation')
  })
  return (socket) => ending.has(socket)
}

/** Answers a request without the app. */
export function refuse(
  context: RefusalContext,
  socket: Socket,
  response: ServerResponse,
  status: number,
  reason: string,
): void {
  const { headers, body, requestId } = envelope(context, status)
  response.writeHead(status, headers).end(body)
  logRefusal(context, socket, { requestId, status, reason })
}

/** Runs a function when a response was sent, or at once if there is none. */
function afterwards(response: ServerResponse | undefined, then: () => void): void {
  if (response === undefined || response.closed) then()
  else response.once('close', then)
}

/**
 * Ends a connection with a last answer. It is not destroyed at once: with unread input, that resets the connection, and the
 * client may lose the answer (RFC 9112 §9.6). Nor is the client waited for, because it may never end its side.
 */
function end(socket: Socket, linger: number, answer = ''): void {
  if (socket.destroyed) return
  if (socket.writable) socket.end(answer)
  const timer = setTimeout(() => socket.destroy(), linger)
  socket.once('close', () => clearTimeout(timer))
}
