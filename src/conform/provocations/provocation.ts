/** What provokes a documented response: a request, made from what a user who is logged in has. */
import { randomUUID } from 'node:crypto'
import type { Answer, Request } from '../request.ts'

export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string
}

/** A user who is logged in, on a server of which nothing is known but the contract. */
export interface Actor extends Tokens {
  readonly user: { readonly id: string; readonly username: string }
  readonly password: string
  /** What `POST /api/auth/password` sets */
  readonly newPassword: string
  readonly adminToken: string
  readonly revocationsToken: string
  readonly introspectionToken: string
  readonly cookieName: string
  /** Where the server is, without a slash at the end */
  readonly baseUrl: string
  /** A username that nobody has */
  readonly freeName: string
  /** Sends a request that prepares another one. */
  readonly request: (path: string, request?: Request) => Promise<Answer>
  /** Opens another session of the same user. */
  readonly login: () => Promise<Tokens>
  /** Makes another user who is logged in. It needs the admin token. */
  readonly another: () => Promise<Actor>
}

/** Something that a provocation or a rule needs cannot be had. */
export class Unprepared extends Error {}

export interface Ask {
  readonly path: string
  readonly request: Request
  /** The number of simultaneous requests. The response with the wanted status counts. */
  readonly times?: number
}

/** Prepares what is needed, and returns the request that gets the response. */
export type Provocation<A extends Actor = Actor> = (actor: A) => Ask | Promise<Ask>

/** One way to a response, or several */
export type Ways<A extends Actor = Actor> = Provocation<A> | readonly Provocation<A>[]

/** By the key of the example: `<status> <name>`, with the media type between them if it is not JSON */
export type Provocations<A extends Actor = Actor> = Readonly<Record<string, Ways<A>>>

/** @returns the request of `good`, with a change */
export const changed =
  <A extends Actor>(good: Provocation<A>, change: (request: Request, actor: A) => Request): Provocation<A> =>
  async (actor) => {
    const { path, request } = await good(actor)
    return { path, request: change(request, actor) }
  }

/** @returns the request of `good`, when something was done after it was made */
export const after =
  <A extends Actor>(good: Provocation<A>, act: (actor: A) => unknown): Provocation<A> =>
  async (actor) => {
    const ask = await good(actor)
    await act(actor)
    return ask
  }

/** @returns the request of `good` to another path */
export const moved =
  (good: Provocation, move: (path: string) => string): Provocation =>
  async (actor) => {
    const { path, request } = await good(actor)
    return { path: move(path), request }
  }

/** The same token with one bit of its signature turned over. */
export function forge(token: string): string {
  const [head, payload, signature = ''] = token.split('.')
  const bytes = Buffer.from(signature, 'base64url')
  bytes[0] = (bytes[0] ?? 0) ^ 1
  return `${head}.${payload}.${bytes.toString('base64url')}`
}

/** A claim of a token. Without it, what no other token has. */
function claimOf(token: string, name: string): string {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
    return String(claims[name] ?? randomUUID())
  } catch {
    return randomUUID()
  }
}

/** The id of the session, which the contract calls the `sid` of its tokens. Without one, it is nobody's. */
export const sidOf = (token: string): string => claimOf(token, 'sid')

/** The id of an access token */
export const jtiOf = (token: string): string => claimOf(token, 'jti')

/** The refresh token as a browser sends it */
export const cookieOf = (token: string, { cookieName }: Pick<Actor, 'cookieName'>): string =>
  `${cookieName}=${token}`

/** The headers that a browser sends for a page of another site */
export const fromElsewhere = { 'Sec-Fetch-Site': 'cross-site', Origin: 'https://evil.example' }
