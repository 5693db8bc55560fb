/** A proxy before a service that may lie: it changes answers, or requests. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'

export interface Passing {
  readonly method: string
  readonly path: string
  /** The token that was presented in the header */
  readonly bearer: string
  status: number
  readonly headers: Headers
  body: string
}

/** Changes an answer on its way. */
export type Lie = (answer: Passing) => void

export interface Proxy {
  readonly url: string
  /** The requests that came, in their order: method, path and body */
  readonly asked: string[]
}

const sent = (request: IncomingMessage): Headers => {
  const headers = new Headers()
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = request.rawHeaders.slice(at, at + 2)
    if (!/^(host|connection|content-length|transfer-encoding|expect)$/i.test(name))
      headers.append(name, value)
  }
  return headers
}

/** What a server answers in the place of the service, if it is not undefined */
export type Pretend = (method: string, path: string) => Response | undefined

export interface Behaviour {
  readonly lie?: Lie | undefined
  readonly pretend?: Pretend | undefined
  /** The path below which the service is, with a slash before and none behind */
  readonly below?: string
}

export async function startProxy(
  t: Pick<TestContext, 'after'>,
  service: string,
  { lie, pretend, below = '' }: Behaviour = {},
): Promise<Proxy> {
  const asked: string[] = []
  const server = createServer(async (request, response) => {
    const { method = 'GET', url: path = '/' } = request
    const body = await buffer(request)
    asked.push(`${method} ${path} ${body}`)
    const outside = path.startsWith(`${below}/`) ? undefined : new Response('', { status: 404 })
    const answer =
      outside ??
      pretend?.(method, path) ??
      (await fetch(service + path.slice(below.length), {
        ...{ method, headers: sent(request), redirect: 'manual' },
        ...(body.length > 0 && { body: new Uint8Array(body) }),
      }))
    const { status, headers } = answer
    const bearer = /^\S+ (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const passing: Passing = {
      ...{ method, path, bearer, status, headers: new Headers(headers), body: await answer.text() },
    }
    lie?.(passing)
    for (const name of [
      'content-length',
      'content-encoding',
      'transfer-encoding',
      'connection',
      'keep-alive',
    ])
      passing.headers.delete(name)
    response.statusCode = passing.status
    // As HTTP/1.1 has them: several lines of Set-Cookie
    for (const [name, value] of passing.headers) if (name !== 'set-cookie') response.setHeader(name, value)
    const cookies = passing.headers.getSetCookie()
    if (cookies.length > 0) response.setHeader('Set-Cookie', cookies)
    response.setHeader('Via', '1.1 a-proxy')
    response.end(passing.body)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}
