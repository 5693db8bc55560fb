/** Every way to present a token to the service, and the response to a forged one. */
import type { Answer, Service } from '../support/service.ts'
import { PASSWORD } from '../support/service.ts'

export type Kind = 'access' | 'refresh'

export interface Endpoint {
  /** The name in the contract */
  readonly operation: string
  readonly place: 'header' | 'cookie' | 'body'
  /** The kinds of tokens that it accepts */
  readonly kinds: readonly Kind[]
  /** The message for a token that is not ours, always with 401 */
  readonly message: string
  present(service: Service, token: string): Promise<Answer>
}

// A session that does not exist: it is looked up only after the token was verified.
const NOBODY = '01a20244-e87b-718c-83ab-98cbd882ae60'

const byHeader = (operation: string, kinds: readonly Kind[], message: string, json?: unknown): Endpoint => {
  const [method = '', path = ''] = operation.split(' ')
  return {
    operation,
    place: 'header',
    kinds,
    message,
    present: ({ request }, bearer) =>
      request(path.replace('{id}', NOBODY), { method, bearer, ...(json !== undefined && { json }) }),
  }
}

const byCookie = (operation: string, message: string): Endpoint => {
  const [method = '', path = ''] = operation.split(' ')
  return {
    operation,
    place: 'cookie',
    kinds: ['refresh'],
    message,
    present: ({ request, core }, token) =>
      request(path, { method, cookie: `${core.settings.cookie.name}=${token}` }),
  }
}

const ACCESS = 'Invalid access token.'
const REFRESH = 'Invalid refresh token.'
const PASSWORDS = { current_password: PASSWORD, new_password: PASSWORD }

export const endpoints: readonly Endpoint[] = [
  byHeader('POST /refresh_token', ['refresh'], REFRESH),
  byCookie('POST /refresh_token', REFRESH),
  {
    operation: 'POST /api/auth/refresh',
    place: 'body',
    kinds: ['access'],
    message: ACCESS,
    present: ({ exchange }, token) => exchange(token),
  },
  byHeader('GET /api/auth/me', ['access'], ACCESS),
  byHeader('GET /api/auth/sessions', ['access'], ACCESS),
  byHeader('DELETE /api/auth/sessions/{id}', ['access'], ACCESS),
  byHeader('POST /api/auth/password', ['access'], ACCESS, PASSWORDS),
  byHeader('POST /api/auth/logout_all', ['access'], ACCESS),
  byHeader('POST /api/auth/logout', ['access', 'refresh'], 'Invalid token.'),
  byCookie('POST /api/auth/logout', 'Invalid token.'),
]

/** The response of each to a valid token. */
export const accepted = ({ operation }: Endpoint) => (operation.startsWith('DELETE') ? 404 : 200)
