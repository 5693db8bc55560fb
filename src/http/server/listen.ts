import type { IncomingMessage, Server } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRequestListener } from '@hono/node-server'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { refuseBytes, refuseRequest } from './early-refusals.ts'

// Milliseconds
const TIMEOUTS = {
  /** A client has so long to send its headers, */
  headersTimeout: 10_000,
  /** and so long for its whole request. */
  requestTimeout: 20_000,
  /** Longer than the 60 s of common load balancers, which else send requests to a closing socket */
  keepAliveTimeout: 65_000,
  /** A connection on which nothing moves is cut, an answer that nobody reads on the way included. Longer than any work. */
  timeout: 60_000,
  connectionsCheckingInterval: 1000,
}

// Milliseconds, when new connections never cease
const MAX_ACCEPT_TIME = 1000

export interface Listener {
  /** With the port that was really taken */
  readonly url: string
  /** Takes no new connections and waits for running requests. @param patience milliseconds, then they are cut */
  close(patience: number): Promise<void>
}

/**
 * @param core its log and metrics hear of what is refused before the app sees it
 * @throws what `listen` throws, `EADDRINUSE` and the like
 */
export async function listen(
  app: Pick<Hono<Env>, 'fetch'>,
  { host, port }: { readonly host: string; readonly port: number },
  core?: Pick<Core, 'log' | 'metrics'>,
  timeouts: Partial<typeof TIMEOUTS> = {},
): Promise<Listener> {
  const refusing = { security: await securityHeaders(), core }
  // The handler of errors is told no request. What is wrong with one shows while it is read.
  let reading: IncomingMessage | undefined
  const errorHandler = refuseRequest(refusing, () => reading?.socket)
  const handle = getRequestListener(app.fetch, { errorHandler })
  const { timeout, ...limits } = { ...TIMEOUTS, ...timeouts }
  const server = createServer(
    {
      ...limits,
      requireHostHeader: false, // Node would answer without a body
    },
    (incoming, outgoing) => {
      // HTTP/1.0 has none, and load balancers check the health with it. RFC 2606 §2: no page is of this one.
      if (incoming.httpVersionMinor === 0) incoming.headers.host ??= 'host.invalid'
      reading = incoming
      const handled = handle(incoming, outgoing)
      reading = undefined
      return handled
    },
  )
  server.setTimeout(timeout)
  refuseBytes(server, refusing)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${address.port}`,
    async close(patience) {
      await acceptWaiting(server)
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => server.closeAllConnections(), patience)
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

/**
 * Node accepts one connection in each turn of the event loop. Others may have been made and sent their requests
 * meanwhile, and wait in the kernel, which resets them when the server is closed.
 */
async function acceptWaiting(server: Server): Promise<void> {
  const end = performance.now() + MAX_ACCEPT_TIME
  let quietTurns = 0
  const onConnection = () => {
    quietTurns = 0
  }
  server.on('connection', onConnection)
  // The first turn may be one that has looked for connections already.
  for (; quietTurns < 2 && performance.now() < end; quietTurns++) await new Promise(setImmediate)
  server.off('connection', onConnection)
}

/** hono's secureHeaders, asked once: the middleware would set one after the other on each response. */
export async function securityHeaders(): Promise<Readonly<Record<string, string>>> {
  // HSTS speaks for a whole host and its subdomains: that is for whoever terminates TLS to say.
  const app = new Hono().use(secureHeaders({ strictTransportSecurity: false }))
  const response = await app.get('/', (c) => c.body(null)).request('/')
  return Object.fromEntries(response.headers)
}
