/** Requests as templates: one line of headers and a body, in which TOKEN stands for what makes each its own. */

export interface Operation {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** One line, or several with CRLF between them */
  readonly header: string
  readonly body: string
  /** The member of the answer's JSON that is the next token of the chain; without one, tokens are used again. */
  readonly next?: string
  /** What stands in each answer that is none of a refusal, where 200 does not tell */
  readonly proof?: string
  /** So many at once, instead of what all others take */
  readonly connections?: number
}

const JSON_BODY = 'Content-Type: application/json'

export const REFRESH: Operation = {
  method: 'POST',
  path: '/refresh_token',
  header: 'Authorization: Bearer TOKEN',
  body: '',
  next: 'refresh_token',
}

export const EXCHANGE: Operation = {
  method: 'POST',
  path: '/api/auth/refresh',
  header: JSON_BODY,
  body: '{"token":"TOKEN"}',
  next: 'access_token',
}

export const ME: Operation = {
  method: 'GET',
  path: '/api/auth/me',
  header: 'Authorization: Bearer TOKEN',
  body: '',
}

/** Its tokens are whole bodies. Of more at once some would be sent away: `docs/adr/0024-logins-under-load.md`. */
export const LOGIN: Operation = {
  method: 'POST',
  path: '/api/auth/login',
  header: JSON_BODY,
  body: 'TOKEN',
  connections: 8,
}

/** @returns a whole request of HTTP/1.1, for each token */
export function requestOf({ method, path, header, body }: Operation): (token: string) => string {
  const head = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\n`
  const put = (text: string, token: string) => text.replace('TOKEN', () => token)
  return (token) => {
    const content = put(body, token)
    return `${head}${put(header, token)}\r\nContent-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`
  }
}

/** @returns the next token of the chain, or undefined when the answer is a refusal */
export function successorOf({ next, proof = '' }: Operation) {
  const member = next === undefined ? undefined : new RegExp(`"${next}":"([^"]+)"`)
  return (status: number, answer: string, token: string): string | undefined => {
    if (status !== 200 || !answer.includes(proof)) return undefined
    return member === undefined ? token : member.exec(answer)?.[1]
  }
}
