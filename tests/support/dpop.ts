/** Clients with a key, made from npm `dpop` and not from our own code. */
import type { KeyPair } from 'dpop'
import { generateKeyPair, generateProof } from 'dpop'
import type { Answer, Request, Service } from './service.ts'
import { PASSWORD } from './service.ts'

/** What of a service is needed, so that another URL or process may be in its place */
type Reached = Pick<Service, 'request' | 'url'>

export interface ProvingClient {
  /** The `DPoP-Nonce` of the last answer */
  readonly nonce: () => string | undefined
  /** Sends a request with a proof, and once more if the service asks for a nonce. @param more headers and alike */
  send(
    path: string,
    request: Request,
    proof?: { readonly token?: string; readonly htu?: string },
  ): Promise<Answer>
  login(request?: Request): Promise<{ readonly accessToken: string; readonly refreshToken: string }>
  refresh(refreshToken: string): Promise<Answer>
  exchange(accessToken: string): Promise<Answer>
  /** A request with `Authorization: DPoP` and a proof that has `ath` */
  asUser(path: string, accessToken: string, request?: Request): Promise<Answer>
}

export async function createProvingClient(
  service: Reached,
  alg: 'ES256' | 'Ed25519' = 'ES256',
  given?: KeyPair,
): Promise<ProvingClient> {
  const pair = given ?? (await generateKeyPair(alg))
  let nonce: string | undefined

  const send: ProvingClient['send'] = async (path, request, { token, htu = service.url + path } = {}) => {
    const method = request.method ?? (request.json === undefined ? 'GET' : 'POST')
    const attempt = async () => {
      const proof = await generateProof(pair, htu, method, nonce, token)
      const answer = await service.request(path, { ...request, headers: { ...request.headers, DPoP: proof } })
      nonce = answer.headers.get('DPoP-Nonce') ?? nonce
      return answer
    }
    const first = await attempt()
    return first.headers.get('Rekindle-Error') === 'use_dpop_nonce' ? attempt() : first
  }

  return {
    nonce: () => nonce,
    send,
    async login(request = {}) {
      const { status, body } = await send('/api/auth/login', {
        json: { username: 'ada', password: PASSWORD },
        ...request,
      })
      if (status !== 200) throw new Error(`login: ${status} ${body.message}`)
      return { accessToken: body.data.access_token, refreshToken: body.data.refresh_token }
    },
    refresh: (bearer) => send('/refresh_token', { method: 'POST', bearer }),
    exchange: (token) => send('/api/auth/refresh', { json: { token } }),
    asUser: (path, token, request = {}) =>
      send(path, { ...request, headers: { ...request.headers, Authorization: `DPoP ${token}` } }, { token }),
  }
}

/** What came of a request, in short */
export const wordOf = ({ status, headers }: Answer): string =>
  status < 300 ? String(status) : `${status} ${headers.get('Rekindle-Error')}`
