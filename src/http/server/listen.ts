import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { refuse, refuseBytes, refuseRequest } from './early-refusals.ts'
import { cutSlowReaders } from './slow-readers.ts'

// Milliseconds, except the rate
const TIMEOUTS = {
  /** For the headers of a request */
  headersTimeout: 10_000,
  /** For a whole request */
  requestTimeout: 20_000,
  /** Longer than the 60 s of common load balancers, which would otherwise send requests to a closing socket */
  keepAliveTimeout: 65_000,
  /** Closes a connection without traffic, even while an unread answer is pending. Longer than any request takes. */
  timeout: 60_000,
  connectionsCheckingInterval: 1000,
  /** Until a refused connection is destroyed. Meanwhile the client can read the refusal. */
  lingerTimeout: 2000,
  /** For reading answers, with more time for large ones. The largest file of the docs page gets 73 s. */
  answerTimeout: 20_000,
  /** Bytes per second */
  answerRate: 32_768,
}

// Milliseconds. Ends accepting when new connections never stop.
const MAX_ACCEPT_TIME = 1000

/** A running server. */
export interface Listener {
  /** The URL of the server, with the port in use (also when port 0 was given) */
  readonly url: string
  /**
   * Stops accepting connections and waits for running requests.
   *
   * @param patience milliseconds until the remaining connections are closed
   */
  close(patience: number): Promise<void>
}

/**
 * Starts an HTTP server for an app.
 *
 * It sets timeouts, adds security headers to the answers that Node would give without the app, and lets `close` finish
 * running requests.
 *
 * @param app from {@link createApp} or {@link metricsApp}
 * @param address `host` is an IP address or a host name. `port` 0 takes any free port.
 * @param core logs and counts requests that are refused before the app sees them
 * @param timeouts in milliseconds, named as in Node's `http.Server`, and three of ours
 * @returns the running server
 * @throws the error of Node's `server.listen`, such as `EADDRINUSE`
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createApp, createCore, listen, readServiceSettings } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const server = await listen(createApp(core), core.settings, core)
 * console.log(server.url) // http://127.0.0.1:8787
 *
 * process.once('SIGTERM', async () => {
 *   core.shutdown.draining = true
 *   await server.close(7000)
 *   await core.store.close()
 * })
 * ```
 */
export async function listen(
  app: Pick<Hono<Env>, 'fetch'>,
  { host, port }: { readonly host: string; readonly port: number },
  core?: Pick<Core, 'log' | 'metrics'> & Partial<Pick<Core, 'feed'>>,
  timeouts: Partial<typeof TIMEOUTS> = {},
): Promise<Listener> {
  const context = { security: await securityHeaders(), core }
  // The error handler is not given the request. A request fails while it is read, so the last one is meant.
  let reading: IncomingMessage | undefined
  const errorHandler = refuseRequest(context, () => reading?.socket)
  const handle = getRequestListener(app.fetch, { errorHandler })
  const { timeout, lingerTimeout, answerTimeout, answerRate, ...limits } = { ...TIMEOUTS, ...timeouts }
  const server = createServer(
    {
      ...limits,
      requireHostHeader: false, // Node would answer without a body
    },
    (incoming, outgoing) => {
      if (isEnding(incoming.socket)) return
      // RFC 9112 §3.2: 400 for "any request message that contains more than one Host header field line"
      if (hosts(incoming) > 1) return refuse(context, incoming.socket, outgoing, 400, 'repeated_host')
      // HTTP/1.0 requests, such as health checks of load balancers, may have no Host. RFC 2606 §2 reserves .invalid, so that
      // it matches no origin.
      if (incoming.httpVersionMinor === 0) incoming.headers.host ??= 'host.invalid'
      reading = incoming
      // It handles its own errors and never rejects.
      void handle(incoming, outgoing)
      reading = undefined
    },
  )
  server.setTimeout(timeout)
  const isEnding = refuseBytes(server, context, lingerTimeout)
  const pace = { interval: limits.connectionsCheckingInterval, patience: answerTimeout, rate: answerRate }
  cutSlowReaders(server, pace, core)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async close(patience) {
      // Followers of the feed wait for up to 25 s. They are answered now, so that the server can close in time.
      core?.feed?.close()
      await acceptWaiting(server)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          core?.log.warn('connections with unfinished requests are cut')
          server.closeAllConnections()
        }, patience)
        server.close((error) => {
          clearTimeout(timer)
          if (error === undefined) resolve()
          else reject(error)
        })
        server.closeIdleConnections()
      })
    },
  }
}

/** The number of `Host` lines. Node keeps only the first. */
function hosts({ rawHeaders }: IncomingMessage): number {
  let count = 0
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at]
    if (name?.length === 4 && name.toLowerCase() === 'host') count++
  }
  return count
}

/**
 * Node accepts one connection per turn of the event loop. Other clients may have connected and sent requests meanwhile.
 * They wait in the kernel, which would reset them when the server is closed.
 */
async function acceptWaiting(server: Server): Promise<void> {
  const end = performance.now() + MAX_ACCEPT_TIME
  let quietTurns = 0
  const onConnection = () => {
    quietTurns = 0
  }
  server.on('connection', onConnection)
  // The current turn may already have checked for connections.
  for (; quietTurns < 2 && performance.now() < end; quietTurns++) await new Promise(setImmediate)
  server.off('connection', onConnection)
}

/** The headers of hono's secureHeaders, computed once. The middleware would set them one by one on each response. */
export async function securityHeaders(): Promise<Readonly<Record<string, string>>> {
  // HSTS applies to a whole host and its subdomains, so it is left to the server that terminates TLS.
  const app = new Hono().use(secureHeaders({ strictTransportSecurity: false }))
  const response = await app.get('/', (c) => c.body(null)).request('/')
  return Object.fromEntries(response.headers)
}
