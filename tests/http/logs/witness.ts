/** Sends requests, and remembers every secret that is transferred. */
import type { Answer, Request, Service } from '../../support/service.ts'
import { cookiesOf } from '../../support/tokens.ts'

const JWT = /ey[\w-]+\.[\w-]+\.[\w-]+/g

/** A service with counted requests and with responses that are searched for tokens. */
export class Witness {
  readonly secrets = new Set<string>()
  readonly service: Service
  requests = 0

  constructor(service: Service) {
    this.service = service
  }

  keep(secret: string): string {
    this.secrets.add(secret)
    // A signature alone is not the token, but it does not belong in a log either.
    for (const part of secret.split('.').slice(1)) if (part.length > 8) this.secrets.add(part)
    return secret
  }

  async ask(path: string, request: Request = {}): Promise<Answer> {
    this.requests++
    const answer = await this.service.request(path, request)
    for (const [token] of answer.text.matchAll(JWT)) this.keep(token)
    for (const { value } of cookiesOf(answer)) if (value !== '') this.keep(value)
    return answer
  }

  async login(password: string, more: object = {}) {
    const answer = await this.ask('/api/auth/login', { json: { username: 'ada', password, ...more } })
    const { access_token: accessToken, refresh_token } = answer.body.data
    return { accessToken, refreshToken: refresh_token ?? cookiesOf(answer)[0]?.value }
  }

  post(path: string, bearer?: string, cookie?: string): Promise<Answer> {
    const cookies = cookie === undefined ? undefined : `refresh_token=${cookie}`
    return this.ask(path, { method: 'POST', bearer, cookie: cookies })
  }
}

/** One secret in every place of one operation. */
export function places(path: string, method: string, secret: string): [path: string, request: Request][] {
  const encoded = encodeURIComponent(secret)
  const filled = path.replace(/\{\w+\}/, encoded)
  const headers = [
    ...[`Bearer ${secret}`, `Basic ${btoa(`ada:${secret}`)}`, secret].map((value) => ({
      Authorization: value,
    })),
    ...[`refresh_token=${secret}`, `other=${secret}`, secret].map((value) => ({ Cookie: value })),
    // An id that the client chooses is logged. Nothing tells a password from other short ids.
    ...[
      'X-Forwarded-For',
      'User-Agent',
      'Referer',
      'Origin',
      ...(secret.length >= 40 ? ['X-Request-Id'] : []),
    ].map((name) => ({ [name]: secret })),
  ]
  const bodies = [
    JSON.stringify({ token: secret }),
    JSON.stringify({ username: secret, password: secret }),
    JSON.stringify({ current_password: secret, new_password: secret }),
    JSON.stringify({ username: 'ada', password: 'x', [secret]: secret }),
    `{"token":"${secret}`,
    secret,
    secret.padEnd(17_000, '.'),
  ]
  const json = { 'Content-Type': 'application/json' }
  return [
    ...headers.map((value): [string, Request] => [filled, { method, headers: value }]),
    ...(method === 'GET' ? [] : bodies).map((body): [string, Request] => [
      filled,
      { method, headers: json, body },
    ]),
    [`${filled}?token=${encoded}&${encoded}=1`, { method }],
    [`${filled}/${encoded}`, { method }],
    [filled, { method: 'PATCH', headers: { Authorization: `Bearer ${secret}` } }],
  ]
}
