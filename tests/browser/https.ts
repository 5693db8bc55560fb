/** The origin of a page and the service below it, over https: browsers bind sessions to devices nowhere else. */
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { request as ask } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { LOCALHOST } from '../support/certificate.ts'
import { clientBundle, PAGE } from './gateway.ts'

/**
 * Chromium registers nothing, without a word, on http://localhost and with --ignore-certificate-errors. A key in software is
 * for tests only.
 */
export const DBSC_ARGS = [
  '--enable-features=DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
  `--ignore-certificate-errors-spki-list=${createHash('sha256')
    .update(new X509Certificate(LOCALHOST.cert).publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`,
]

const BARE = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'

export interface Site {
  readonly url: string
  /** Where requests are sent; undefined while the service is away */
  upstream: string | undefined
  /** Paths of requests, with the status of the answer */
  readonly seen: string[]
}

/** @param page the code of the page */
export async function openSite(t: Pick<TestContext, 'after'>, page: string): Promise<Site> {
  const script = await clientBundle(page)
  const site = { url: '', upstream: undefined as string | undefined, seen: [] as string[] }
  const server = createServer(LOCALHOST, (incoming, answer) => {
    const { url = '', method, headers } = incoming
    if (url === '/') return answer.setHeader('Content-Type', 'text/html').end(PAGE)
    // Without a client, which refreshes by itself
    if (url === '/bare') return answer.setHeader('Content-Type', 'text/html').end(BARE)
    if (url === '/page.js') return answer.setHeader('Content-Type', 'text/javascript').end(script)
    if (site.upstream === undefined) return incoming.socket.destroy()
    const forwarded = ask(site.upstream + url, { method, headers }, (received) => {
      site.seen.push(`${url} ${received.statusCode}`)
      answer.writeHead(received.statusCode ?? 502, received.headers)
      received.pipe(answer)
    })
    forwarded.on('error', () => incoming.socket.destroy())
    return incoming.pipe(forwarded)
  })
  server.listen(0, 'localhost')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  site.url = `https://localhost:${(server.address() as AddressInfo).port}`
  return site
}
