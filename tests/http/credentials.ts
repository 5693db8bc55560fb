/** Requests with several credentials, as bytes on a socket: fetch joins equal headers. */
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import type { Tokens } from '../support/service.ts'
import type { CookieWorld } from './cookies.ts'
import { startWithCookie } from './cookies.ts'

export interface TwoSessions extends CookieWorld {
  readonly other: Tokens
}

export interface Sent {
  /** Values of `Authorization` lines */
  readonly lines?: readonly string[]
  /** Values of cookies of the name, in order */
  readonly cookies?: readonly string[]
}

export async function send(
  { service, name }: CookieWorld,
  path: string,
  { lines = [], cookies = [] }: Sent,
  headers: readonly string[] = [],
  method = 'POST',
) {
  const { hostname, port } = new URL(service.url)
  const socket = connect(Number(port), hostname)
  const cookie =
    cookies.length > 0 ? [`Cookie: a=1; ${cookies.map((value) => `${name}=${value}`).join('; ')}`] : []
  const fields = [...lines.map((line) => `Authorization: ${line}`), ...cookie, ...headers]
  socket.write(
    [
      `${method} ${path} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'Content-Length: 0',
      ...fields,
      '',
      '',
    ].join('\r\n'),
  )
  const answer = await text(socket)
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const { status, data, message } = JSON.parse(body)
  return {
    code: Number(head.slice(9, 12)),
    status,
    data,
    message,
    head,
    setsCookie: /^set-cookie: /im.test(head),
  }
}

/** A session in cookie mode, and another one in header mode. */
export async function startTwo(t: TestContext): Promise<TwoSessions> {
  const world = await startWithCookie(t)
  return { ...world, other: await world.service.login() }
}

export const bearer = (token: string) => [`Bearer ${token}`]
