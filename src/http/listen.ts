import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createServer, STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import type { createApp } from './app.ts'

// Milliseconds: a client has so long to send its headers, and then its whole request.
const HEADERS_TIMEOUT = 10_000
const REQUEST_TIMEOUT = 20_000
const KEEP_ALIVE_TIMEOUT = 65_000 // longer than the 60 s of common load balancers, which else hit a closing socket

export interface Listener {
  /** With the port that was really taken */
  readonly url: string
  /** Takes no new connections and waits for running requests. @param patience milliseconds, then they are cut */
  close(patience: number): Promise<void>
}

const CLIENT_ERRORS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
}

/** What is refused before Hono sees it, in the envelope all the same. */
function envelope(code: number) {
  const reason = STATUS_CODES[code] ?? 'Bad Request'
  const body = JSON.stringify({ status: 'error', code, message: `${reason}.` })
  const headers = {
    'Content-Length': String(body.length),
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'X-Request-Id': randomUUID(),
    Connection: 'close',
  }
  return { reason, headers, body }
}

/** Bytes that the parser does not take for HTTP, or too many, or too slow. */
function refuseBytes(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = CLIENT_ERRORS[error.code ?? ''] ?? 400
  const { reason, headers, body } = envelope(code)
  const lines = Object.entries(headers).map((header) => header.join(': '))
  socket.end(`HTTP/1.1 ${code} ${reason}\r\n${lines.join('\r\n')}\r\n\r\n${body}`)
}

/** A request that no URL can be made of: an odd Host, say. */
function refuseRequest(): Response {
  const { headers, body } = envelope(400)
  return new Response(body, { status: 400, headers })
}

/** @throws what `listen` throws, `EADDRINUSE` and the like */
export async function listen(
  app: ReturnType<typeof createApp>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const server = createServer(
    {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: 1000,
      requireHostHeader: false, // Node would answer without a body
    },
    getRequestListener(app.fetch, { errorHandler: refuseRequest }),
  )
  server.on('clientError', refuseBytes)
  server.on('checkExpectation', (_request, response: ServerResponse) => {
    const { headers, body } = envelope(417)
    response.writeHead(417, headers).end(body)
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    close: (patience) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => server.closeAllConnections(), patience)
        server.close((error) => {
          clearTimeout(timer)
          if (error === undefined) resolve()
          else reject(error)
        })
        server.closeIdleConnections()
      }),
  }
}
