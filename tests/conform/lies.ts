/** Planted lies: what a proxy does to the answers of a service, and the line by which a run finds it. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { Lie, Passing, Pretend } from './proxy.ts'

export interface Planted {
  readonly lie?: Lie
  readonly pretend?: Pretend
  /** One of the differences: `<operation> <status>: <what>` */
  readonly found: RegExp
}

/** Changes the answers of one operation with one status. */
const at =
  (method: string, path: RegExp, status: number, change: Lie): Lie =>
  (answer) => {
    if (answer.method === method && path.test(answer.path) && answer.status === status) change(answer)
  }

// biome-ignore lint/suspicious/noExplicitAny: bodies of all sorts
const json = (answer: Passing, change: (body: any) => void): void => {
  const body = JSON.parse(answer.body)
  change(body)
  answer.body = JSON.stringify(body)
}

const login = (change: Lie) => at('POST', /^\/api\/auth\/login$/, 200, change)
const refresh = (change: Lie) => at('POST', /^\/refresh_token$/, 200, change)

const becomes = (answer: Passing, status: number, message: string, word: string) => {
  answer.status = status
  answer.headers.set('Rekindle-Error', word)
  answer.body = JSON.stringify({ status: 'error', code: status, message })
}

/** Of different responses, so that all of them are planted at once. */
export const together: Readonly<Record<string, Planted>> = {
  'a member more': {
    lie: login((answer) => json(answer, ({ data }) => Object.assign(data, { scope: 'all' }))),
    found: /^login 200: body\/data must NOT have additional properties: scope$/,
  },
  'a member less': {
    lie: at('POST', /^\/api\/auth\/refresh$/, 200, (answer) =>
      json(answer, (body) => delete body.expires_in),
    ),
    found: /^exchangeToken 200: body must have required property 'expires_in'$/,
  },
  'a member of another type': {
    lie: at('POST', /password$/, 200, (answer) =>
      json(answer, ({ data }) => Object.assign(data, { sessions_ended: '1' })),
    ),
    found: /^changePassword 200: body\/data\/sessions_ended must be integer$/,
  },
  'a member of an error more': {
    lie: at('POST', /logout$/, 401, (answer) =>
      json(answer, (body) => Object.assign(body, { hint: 'password' })),
    ),
    found: /^logout 401: body must NOT have additional properties: hint$/,
  },
  'another status that is documented': {
    lie: at('POST', /^\/refresh_token$/, 400, (answer) =>
      becomes(answer, 401, 'Invalid refresh token.', 'refresh_token_invalid'),
    ),
    found: /^refreshToken 401: (lacks WWW-Authenticate|expected 400 conflicting_tokens)/,
  },
  'a status that is not documented': {
    lie: at('POST', /register$/, 409, (answer) => {
      answer.status = 422
    }),
    found: /^register 422: this status is not documented$/,
  },
  'another value of a header': {
    lie: refresh(({ headers }) => headers.set('Cache-Control', 'public, max-age=60')),
    found: /^refreshToken 200: Cache-Control must be equal to constant$/,
  },
  'a header less': {
    lie: at('GET', /me$/, 401, ({ headers }) => headers.delete('WWW-Authenticate')),
    found: /^me 401: lacks WWW-Authenticate$/,
  },
  'the word of another error': {
    lie: at('POST', /^\/refresh_token$/, 401, ({ headers }) =>
      headers.set('Rekindle-Error', 'refresh_token_expired'),
    ),
    found: /^refreshToken 401: Rekindle-Error is not the word of the message$/,
  },
  'a cookie where none is documented': {
    lie: at('GET', /me$/, 200, ({ headers }) => headers.append('Set-Cookie', 'affinity=1; Path=/; HttpOnly')),
    found: /^me 200: the header set-cookie is not documented$/,
  },
  'another content type': {
    lie: at('GET', /^\/livez$/, 200, ({ headers }) => headers.set('Content-Type', 'text/plain')),
    found: /^livez 200: the content type text\/plain is not documented$/,
  },
  'a message in other words': {
    lie: at('POST', /login$/, 401, (answer) => json(answer, (body) => (body.message = 'Wrong password.'))),
    found: /^login 401: the message is not documented$/,
  },
  'a reason in other words': {
    lie: at('POST', /register$/, 400, (answer) =>
      json(answer, ({ errors }) => (errors[0].message = 'Invalid password')),
    ),
    found: /^register 400: expected 400 \w+, and it was 400, which it should not be$/,
  },
  'the page of a gateway': {
    lie: at('POST', /logout_all$/, 200, (answer) => {
      answer.status = 502
      answer.body = '<html><h1>502 Bad Gateway</h1></html>'
      for (const name of [...answer.headers.keys()]) answer.headers.delete(name)
      answer.headers.set('Content-Type', 'text/html')
    }),
    found: /^logoutAll 502: this status is not documented$/,
  },
  'a redirection to a page for logins': {
    lie: at('GET', /sessions$/, 401, (answer) => {
      answer.status = 302
      answer.headers.set('Location', '/login')
    }),
    found: /^listSessions 302: this status is not documented$/,
  },
  'a body that is cut off': {
    lie: at('GET', /sessions$/, 200, (answer) => {
      answer.body = answer.body.slice(0, -2)
    }),
    found: /^listSessions 200: the body is not JSON$/,
  },
  'a 404 of its own for unknown paths': {
    lie: (answer) => {
      if (!/^\/[\da-f-]{36}$/.test(answer.path)) return
      answer.body = 'Not Found'
      answer.headers.set('Content-Type', 'text/plain')
    },
    found: /^unknown path 404: the body is not that of an unknown path$/,
  },
  'methods that the path does not have': {
    lie: at('PATCH', /^\/livez$/, 405, ({ headers }) => headers.set('Allow', 'GET, HEAD, POST')),
    found: /^livez 405: Allow is not the methods of the path$/,
  },
  'a method that is let through': {
    lie: at('PATCH', /^\/docs$/, 405, (answer) => {
      answer.status = 200
    }),
    found: /^docs 200: the method is not documented, and the status is not 405$/,
  },
}

/** Of all responses, or of what they mean for each other */
export const alone: Readonly<Record<string, Planted>> = {
  'the word of an error is lost': {
    lie: ({ headers }) => headers.delete('Rekindle-Error'),
    found: /^login 401: lacks Rekindle-Error$/,
  },
  'a cookie that scripts can read': {
    lie: ({ headers }) => {
      const lines = headers.getSetCookie()
      headers.delete('Set-Cookie')
      for (const line of lines) headers.append('Set-Cookie', line.replace('; HttpOnly', ''))
    },
    found: /^login 200: the cookie is not HttpOnly$/,
  },
  'a cookie for one path only': {
    lie: ({ headers }) => {
      const lines = headers.getSetCookie()
      headers.delete('Set-Cookie')
      for (const line of lines)
        headers.append('Set-Cookie', line.replace('; Path=/', '; Path=/refresh_token'))
    },
    found: /^refreshToken 200: the cookie does not have Path=\/$/,
  },
  'no cookie in cookie mode': {
    lie: login(({ headers }) => headers.delete('Set-Cookie')),
    found: /^login 200: a login with cookie sets none \(in cookie mode/,
  },
  'the refresh token in the body, too, in cookie mode': {
    lie: (answer) => {
      const [cookie] = answer.headers.getSetCookie()
      const token = cookie?.split(';')[0]?.split('=')[1]
      if (answer.status === 200 && token)
        json(answer, ({ data }) => Object.assign(data, { refresh_token: token }))
    },
    found: /^login 200: expected 200 cookie, and it was 200 header/,
  },
  'a refresh token that is not replaced': {
    lie: refresh((answer) =>
      json(answer, ({ data }) => {
        if (data.refresh_token) data.refresh_token = answer.bearer
      }),
    ),
    found:
      /^refreshToken 200: a token of the answer is not a new one \(a refresh replaces the refresh token\)$/,
  },
  'a refresh that gets another token each time': {
    lie: refresh((answer) =>
      json(answer, ({ data }) => {
        const bytes = randomBytes(6).toString('base64url')
        if (data.refresh_token) data.refresh_token = data.refresh_token.slice(0, -8) + bytes
      }),
    ),
    found: /^refreshToken 200: a request that was sent again got another refresh token \(/,
  },
  'an exchange that gets another token each time': {
    lie: at('POST', /^\/api\/auth\/refresh$/, 200, (answer) =>
      json(answer, (body) => {
        const [head, payload = '', signature] = body.access_token.split('.')
        const claims = { ...JSON.parse(Buffer.from(payload, 'base64url').toString()), jti: randomUUID() }
        const changed = Buffer.from(JSON.stringify(claims)).toString('base64url')
        body.access_token = `${head}.${changed}.${signature}`
      }),
    ),
    found: /^exchangeToken 200: a request that was sent again got another access token \(/,
  },
  'a logout that ends nothing': {
    pretend: (method, path) => {
      if (method !== 'POST' || path !== '/api/auth/logout') return undefined
      const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Request-Id': 'x' }
      return new Response('{"status":"success","code":200,"data":{"message":"Logged out"}}', { headers })
    },
    found: /^refreshToken 200: expected 401 invalid, and it was 200 header \(a logout ends the session\)$/,
  },
  'a refresh without the next token': {
    lie: refresh((answer) => json(answer, ({ data }) => delete data.refresh_token)),
    found: /^refreshToken 200: expected 200 header, and it was 200 cookie/,
  },
  'a revoked token that still works': {
    lie: at('GET', /me$/, 401, (answer) => {
      if (!answer.body.includes('Invalid access token')) return
      answer.status = 200
      answer.headers.delete('Rekindle-Error')
      answer.headers.delete('WWW-Authenticate')
      const data = {
        id: '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21',
        username: 'a',
        created_at: '2026-11-22T08:00:00Z',
      }
      answer.body = JSON.stringify({ status: 'success', code: 200, data })
    }),
    found: /^me 200: expected 401 invalid, and it was 200 ada \(a logout ends the session\)$/,
  },
  'an answer for somebody else, from a cache': {
    lie: (() => {
      let first: string | undefined
      return at('GET', /me$/, 200, (answer) => {
        first ??= answer.body.replace(/"username":"[^"]*"/, '"username":"grace"')
        answer.body = first
      })
    })(),
    found: /^me 200: it is another user \(an access token is of the user who logged in\)$/,
  },
}
