import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import { STATUS_CODES } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
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

/** What Node refuses before Hono sees it, in the envelope all the same. */
function refuse(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const code = CLIENT_ERRORS[error.code ?? ''] ?? 400
  const message = STATUS_CODES[code] ?? 'Bad Request'
  const body = JSON.stringify({ status: 'error', code, message: `${message}.` })
  socket.end(
    `HTTP/1.1 ${code} ${message}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n` +
      `Cache-Control: no-store\r\nX-Request-Id: ${randomUUID()}\r\nConnection: close\r\n\r\n${body}`,
  )
}

/** @throws what `listen` throws, `EADDRINUSE` and the like */
export async function listen(
  app: ReturnType<typeof createApp>,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Listener> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    serverOptions: {
      headersTimeout: HEADERS_TIMEOUT,
      requestTimeout: REQUEST_TIMEOUT,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
      connectionsCheckingInterval: 1000,
    },
  }) as Server
  server.on('clientError', refuse)
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
