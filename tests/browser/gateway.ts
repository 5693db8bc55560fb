/**
 * The gateway between browser and service in the browser tests. It serves the page, forwards everything else, loses
 * responses after the service has acted, and keeps a copy of each refresh token that passes, as a thief would.
 */

import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { checkedFetch } from '../support/check-response.ts'

export interface Gateway {
  readonly url: string
  /** Where requests are sent; undefined while the service restarts */
  upstream: string | undefined
  /** The share of refreshes whose responses are lost, 0 to 1 */
  losses: number
  /** Refresh tokens by generation, as they were issued */
  readonly issued: Map<number, Set<string>>
  /** For each request that rotated: the presented generation, and the time of sending by the page's clock */
  readonly rotations: Map<number, { sentAt: number; byNewTab: boolean }>
  readonly counts: { refreshes: number; lost: number; unreachable: number }
}

export async function clientBundle(page: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(page, import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  })
  return outputFiles[0]?.text ?? ''
}

export const PAGE =
  '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>'

/** @param random between 0 and 1, seeded @param page the code of the page */
export async function openGateway(
  t: Pick<TestContext, 'after'>,
  random: () => number,
  page = './page.ts',
): Promise<Gateway> {
  const script = await clientBundle(page)
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '', 'http://gateway')
    if (pathname === '/') response.setHeader('Content-Type', 'text/html').end(PAGE)
    else if (pathname === '/page.js') response.setHeader('Content-Type', 'text/javascript').end(script)
    else forward(request, response, pathname).catch(() => request.socket.destroy())
  })
  const gateway = {
    url: '',
    upstream: undefined as string | undefined,
    losses: 0,
    issued: new Map<number, Set<string>>(),
    rotations: new Map<number, { sentAt: number; byNewTab: boolean }>(),
    counts: { refreshes: 0, lost: 0, unreachable: 0 },
  }

  async function forward(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const body: Buffer[] = []
    for await (const chunk of request) body.push(chunk)
    const headers = Object.entries(request.headers).flatMap(([name, value]) =>
      /^(authorization|cookie|content-type|dpop|user-agent|origin|sec-fetch-site)$/.test(name)
        ? [[name, String(value)] as [string, string]]
        : [],
    )
    const method = request.method ?? 'GET'
    const answer = await checkedFetch((gateway.upstream ?? 'http://127.0.0.1:1') + path, {
      method,
      headers,
      ...(method !== 'GET' && { body: Buffer.concat(body) }),
    }).catch((error) => {
      gateway.counts.unreachable++
      throw error
    })
    const text = await answer.text()
    for (const token of refreshTokens(answer, text)) keep(token)
    if (path === '/refresh_token') {
      gateway.counts.refreshes++
      if (answer.ok) noteRotation(request.headers)
      if (random() < gateway.losses) {
        gateway.counts.lost++
        request.socket.destroy()
        return
      }
    }
    response.statusCode = answer.status
    for (const name of [
      'content-type',
      'set-cookie',
      'retry-after',
      'rekindle-error',
      'www-authenticate',
      'dpop-nonce',
    ]) {
      const value = answer.headers.get(name)
      if (value !== null) response.setHeader(name, value)
    }
    response.end(text)
  }

  function noteRotation({ authorization, cookie, ...headers }: IncomingHttpHeaders): void {
    const [presented = ''] = tokensIn(authorization ?? cookie ?? '')
    const generation = generationOf(presented)
    // Sent again, it is a repetition of the same rotation.
    if (gateway.rotations.has(generation)) return
    gateway.rotations.set(generation, {
      sentAt: Number(headers['x-sent-at']),
      byNewTab: headers['x-new'] === 'true',
    })
  }

  function keep(token: string): void {
    const generation = generationOf(token)
    gateway.issued.set(generation, (gateway.issued.get(generation) ?? new Set()).add(token))
  }

  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  gateway.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return gateway
}

const tokensIn = (text: string): string[] => text.match(/[\w-]+\.[\w-]+\.[\w-]+/g) ?? []

const generationOf = (token: string): number =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).generation

function refreshTokens(answer: Response, text: string): string[] {
  const cookie = /refresh_token=([\w-]+\.[\w-]+\.[\w-]+)/.exec(answer.headers.get('Set-Cookie') ?? '')?.[1]
  const member = /"refresh_token":"([^"]+)"/.exec(text)?.[1]
  return [cookie, member].filter((token) => token !== undefined)
}
