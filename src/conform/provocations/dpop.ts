/** Proofs of keys (RFC 9449), as a client makes them. */
import type { KeyObject } from 'node:crypto'
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { Answer, Request } from '../request.ts'
import type { Actor, Provocation } from './provocation.ts'
import { changed, Unprepared } from './provocation.ts'

export interface ProofClaims {
  readonly htm: string
  readonly htu: string
  readonly nonce?: string | undefined
  readonly ath?: string | undefined
}

/** A key of a client */
export interface ClientKey {
  /** RFC 7638 */
  readonly thumbprint: string
  prove(claims: ProofClaims): string
}

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

export function createKey(): ClientKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const { crv, kty, x, y } = publicKey.export({ format: 'jwk' })
  const jwk = { crv, kty, x, y }
  return {
    thumbprint: createHash('sha256').update(JSON.stringify(jwk)).digest('base64url'),
    prove: (claims) => signed(privateKey, { typ: 'dpop+jwt', alg: 'ES256', jwk }, claims),
  }
}

function signed(key: KeyObject, header: object, claims: ProofClaims): string {
  const input = `${encoded(header)}.${encoded({ jti: randomUUID(), iat: Math.floor(Date.now() / 1000), ...claims })}`
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
  return `${input}.${signature.toString('base64url')}`
}

/** Sends a request with a proof. The first answer brings the nonce. */
export async function sendProven(
  { request, baseUrl }: Pick<Actor, 'request' | 'baseUrl'>,
  key: ClientKey,
  path: string,
  ask: Request,
): Promise<Answer> {
  const send = (nonce?: string) => request(path, withProof(ask, key, { baseUrl, path, nonce }))
  const first = await send()
  const nonce = first.headers.get('DPoP-Nonce') ?? undefined
  return first.headers.get('Rekindle-Error') === 'use_dpop_nonce' ? send(nonce) : first
}

export const withProof = (
  ask: Request,
  key: ClientKey,
  {
    baseUrl,
    path,
    nonce,
  }: { readonly baseUrl: string; readonly path: string; readonly nonce?: string | undefined },
): Request => ({
  ...ask,
  headers: { ...ask.headers, DPoP: key.prove({ htm: ask.method ?? 'POST', htu: baseUrl + path, nonce }) },
})

/** The same request with `Authorization: DPoP` */
const asDpop = ({ bearer, ...request }: Request): Request => ({
  ...request,
  ...(bearer !== undefined && { headers: { ...request.headers, Authorization: `DPoP ${bearer}` } }),
})

const withHeader = (request: Request, proof: string): Request => ({
  ...request,
  headers: { ...request.headers, DPoP: proof },
})

export const withoutProof = (good: Provocation): Provocation => changed(good, asDpop)

export const withInvalidProof = (good: Provocation): Provocation =>
  changed(good, (request) => withHeader(asDpop(request), 'not.a.proof'))

/** A proof is asked for its nonce before anything else is looked at, so that it need not be right. */
export const withoutNonce = (good: Provocation): Provocation =>
  changed(good, (request) =>
    withHeader(asDpop(request), createKey().prove({ htm: 'POST', htu: 'https://example.com/' })),
  )

/** The request in a session that is bound to a key. @param isOther whether the request proves another key */
export const inBoundSession =
  (good: Provocation, isOther = false): Provocation =>
  async (actor) => {
    const { username } = actor.user
    const login = { json: { username, password: actor.password } }
    const { status, body, headers } = await sendProven(actor, createKey(), '/api/auth/login', login)
    // Below a path, proofs are compared with PUBLIC_URL.
    if (headers.get('Rekindle-Error') === 'invalid_dpop_proof')
      throw new Unprepared('the server refuses proofs: is PUBLIC_URL its address?')
    if (status !== 200) throw new Unprepared(`a login with a proof answered ${status}`)
    const { access_token: accessToken, refresh_token: refreshToken } = Object(body?.data)
    const ask = await good({ ...actor, accessToken, refreshToken })
    const nonce = headers.get('DPoP-Nonce') ?? undefined
    if (!isOther) return ask
    const { baseUrl } = actor
    return { ...ask, request: withProof(ask.request, createKey(), { baseUrl, path: ask.path, nonce }) }
  }
