/** What is refused before Hono sees it, in the envelope all the same. */
import { randomUUID } from 'node:crypto'
import type { Server, ServerResponse } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { RequestError } from '@hono/node-server'

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

type SecurityHeaders = Readonly<Record<string, string>>

function envelope(security: SecurityHeaders, code: number, message = `${STATUS_CODES[code]}.`) {
  const body = JSON.stringify({ status: 'error', code, message })
  const headers = {
    ...security,
    'Content-Length': String(body.length),
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': randomUUID(),
    Connection: 'close',
  }
  return { headers, body }
}

/** A request that no URL can be made of, because of an odd Host, say; anything else is a defect of ours. */
export const refuseRequest =
  (security: SecurityHeaders) =>
  (error: unknown): Response => {
    const status = error instanceof RequestError ? 400 : 500
    const message = status === 500 ? 'An unexpected error occurred' : undefined
    const { headers, body } = envelope(security, status, message)
    return new Response(body, { status, headers })
  }

/** Bytes that the parser does not take for HTTP, or too many, or too slow; and expectations that nobody meets. */
export function refuseBytes(server: Server, security: SecurityHeaders): void {
  const answering = new WeakMap<Socket, ServerResponse>()
  server.on('request', ({ socket }, response) => answering.set(socket, response))
  server.on('clientError', (error: Error & { code?: string }, socket: Socket) => {
    const answer = answering.get(socket)
    const isAnswering = answer?.headersSent === true && !answer.writableEnded
    if (error.code === 'ECONNRESET' || !socket.writable || isAnswering) {
      socket.destroy()
      return
    }
    const code = CLIENT_ERRORS[error.code ?? ''] ?? 400
    const { headers, body } = envelope(security, code)
    const lines = Object.entries(headers).map((header) => header.join(': '))
    socket.end(`HTTP/1.1 ${code} ${STATUS_CODES[code]}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
  })
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const { headers, body } = envelope(security, 417)
    response.writeHead(417, headers).end(body)
  })
}
