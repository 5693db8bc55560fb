/** What a browser with Device Bound Session Credentials sends. Its key is that of RFC 7515, Appendix A.3. */
import { createPrivateKey, sign } from 'node:crypto'
import type { Answer } from '../request.ts'
import type { Actor, Ask, Provocation } from './provocation.ts'
import { cookieOf } from './provocation.ts'

const PUBLIC = {
  kty: 'EC',
  crv: 'P-256',
  x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
  y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
}
const KEY = createPrivateKey({
  key: { ...PUBLIC, d: 'jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI' },
  format: 'jwk',
})

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A proof, as a browser makes it @param header further members of the header, or others */
export function deviceProof(challenge: string, header: object = {}, key = KEY): string {
  const input = `${encoded({ alg: 'ES256', typ: 'dbsc+jwt', ...header })}.${encoded({ jti: challenge })}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

export const registrationProof = (challenge: string) => deviceProof(challenge, { jwk: PUBLIC })

/** A browser in which a user has logged in with `cookie` */
export interface Browser {
  /** `Cookie` */
  readonly cookie: string
  readonly path: string
  /** What it has to sign; empty where device bound sessions are off */
  readonly challenge: string
  /** The `session_identifier`, after a registration */
  readonly identifier: string
}

const challengeIn = (header: string | null) => /"([^"]+)"(;id=|$)/.exec(header ?? '')?.[1] ?? ''

export async function logInByCookie(actor: Actor): Promise<Browser> {
  const json = { username: actor.user.username, password: actor.password, cookie: true }
  const { headers } = await actor.request('/api/auth/login', { json })
  const token = headers.getSetCookie()[0]?.split(';')[0]?.split('=')[1] ?? ''
  const offer = headers.get('Secure-Session-Registration')
  const registration = { cookie: cookieOf(token, actor), path: '/api/auth/dbsc/registration', identifier: '' }
  return { ...registration, challenge: challengeIn(offer) }
}

export async function register(actor: Actor): Promise<Browser> {
  const browser = await logInByCookie(actor)
  const { headers, body }: Answer = await actor.request(browser.path, registration(browser).request)
  const challenge = challengeIn(headers.get('Secure-Session-Challenge'))
  const identifier = String(body?.session_identifier)
  return { ...browser, path: '/api/auth/dbsc/refresh', challenge, identifier }
}

const registration = ({ path, cookie, challenge }: Browser): Ask => ({
  path,
  request: {
    method: 'POST',
    cookie,
    headers: { 'Secure-Session-Response': registrationProof(challenge) },
  },
})

/** @param proof undefined: none */
export const deviceRefresh = (
  { path, cookie, identifier, challenge }: Browser,
  proof: string | undefined = deviceProof(challenge),
): Ask => ({
  path,
  request: {
    method: 'POST',
    cookie,
    headers: {
      'Sec-Secure-Session-Id': identifier,
      ...(proof !== '' && { 'Secure-Session-Response': proof }),
    },
  },
})

export const goodRegistration: Provocation = async (actor) => registration(await logInByCookie(actor))

export const goodRefresh: Provocation = async (actor) => deviceRefresh(await register(actor))

export const ofRegistration = {
  '200 registered': goodRegistration,
  '401 invalid_proof': [
    // No proof, one of a challenge that is not ours, and one without the key that signed it
    async (actor) => {
      const { path, cookie } = await logInByCookie(actor)
      return { path, request: { method: 'POST', cookie } }
    },
    async (actor) => registration({ ...(await logInByCookie(actor)), challenge: 'another' }),
    async (actor) => {
      const browser = await logInByCookie(actor)
      const headers = { 'Secure-Session-Response': deviceProof(browser.challenge) }
      return { path: browser.path, request: { method: 'POST', cookie: browser.cookie, headers } }
    },
  ],
} satisfies Record<string, Provocation | readonly Provocation[]>

export const ofRefresh = {
  '200 proven': goodRefresh,
  '401 ended': [
    async (actor) => deviceRefresh({ ...(await register(actor)), identifier: 'unknown' }),
    // Signed with the key, but not what was asked for: a header that only a registration has
    async (actor) => {
      const browser = await register(actor)
      return deviceRefresh(browser, registrationProof(browser.challenge))
    },
    async (actor) => {
      const browser = await register(actor)
      await actor.request('/api/auth/logout', { method: 'POST', cookie: browser.cookie })
      return deviceRefresh(browser)
    },
  ],
  '403 proof_required': [
    async (actor) => deviceRefresh(await register(actor), ''),
    async (actor) => deviceRefresh({ ...(await register(actor)), challenge: 'another' }),
  ],
} satisfies Record<string, Provocation | readonly Provocation[]>
