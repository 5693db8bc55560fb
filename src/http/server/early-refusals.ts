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
  readonly request: IncomingMessage
  readonly status: number
  readonly requestId: string
}

/** One object for each connection, changed by each request: an entry of a WeakMap for each request costs garbage collection. */
interface Connection {
  /** The last response, and the one before it. A connection sends its responses in order. */
  response: ServerResponse | undefined
  before: ServerResponse | undefined
  /** A request is either carried out by the app or refused here, never both. */
  carriedOut: IncomingMessage | undefined
  refusal: Refusal | undefined
  isEnding: boolean
}

const connections = new WeakMap<Socket, Connection>()

/** The answer to a request whose body was malformed or too slow, so that the app must not carry it out. */
export function refusalOf(request: IncomingMessage): Refusal | undefined {
  const refusal = connections.get(request.socket)?.refusal
  return refusal?.request === request ? refusal : undefined
}

/** Keeps the server from refusing a request, because the app carries it out without waiting for its body. */
export function carryOut(request: IncomingMessage): void {
  if (request.complete) return
  const connection = connections.get(request.socket)
  if (connection !== undefined) connection.carriedOut = request
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
  server.on('connection', (socket: Socket) => {
    const nothing = { response: undefined, before: undefined, carriedOut: undefined, refusal: undefined }
    connections.set(socket, { ...nothing, isEnding: false })
  })
  server.on('request', ({ socket }, response) => {
    const connection = connections.get(socket)
    if (connection === undefined || connection.isEnding) return
    connection.before = connection.response
    connection.response = response
  })
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    if (error.code === 'ECONNRESET') socket.destroy()
    const connection = connections.get(socket)
    // A socket that is not writable is being destroyed by Node.
    if (!socket.writable || connection === undefined || connection.isEnding) return
    connection.isEnding = true
    const { response, before, carriedOut } = connection
    const unread = response?.req.complete === false ? response : undefined
    if (unread !== undefined && (unread.headersSent || carriedOut === unread.req)) {
      unread.shouldKeepAlive = false
      afterwards(unread, () => end(socket, linger))
      return
    }
    const status = CLIENT_ERRORS[error.code ?? ''] ?? 400
    const { headers, body, requestId } = envelope(context, status)
    const lines = Object.entries(headers).map((header) => header.join(': '))
    const answer = `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`
    // The app itself logs the requests that it handles.
    if (unread !== undefined) connection.refusal = { request: unread.req, status, requestId }
    else logRefusal(context, socket, { requestId, status, reason: error.code ?? 'unknown' })
    afterwards(unread === undefined ? response : before, () => end(socket, linger, answer))
  })
  server.on('checkExpectation', ({ socket }: IncomingMessage, response: ServerResponse) => {
    refuse(context, socket, response, 417, 'unknown_expectation')
  })
  return (socket) => connections.get(socket)?.isEnding === true
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
