/** A mock keeps no state and looks into no token. It answers by the example that a request prefers (RFC 7240). */
import { randomUUID } from 'node:crypto'
import type { Connection } from './connection.ts'
import { exampleOf, examples } from './examples.ts'
import type { Findings } from './findings.ts'
import { good } from './provocations/good.ts'
import type { Actor } from './provocations/provocation.ts'
import type { Answer } from './request.ts'

/** @param answer to a request of a path that nobody has */
export const isPrism = ({ text }: Answer): boolean => text.includes('https://stoplight.io/prism/errors#')

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

function nobody(): Actor {
  const token = `${part({ alg: 'HS256' })}.${part({ sid: randomUUID() })}.c2lnbmF0dXJl`
  const unused = () => Promise.reject(new TypeError('a mock has no users'))
  // What prepares a request has no effect there.
  const nothing: Answer = { status: 0, headers: new Headers(), text: '', body: undefined }
  return {
    ...{
      accessToken: token,
      refreshToken: token,
      adminToken: token,
      revocationsToken: token,
      introspectionToken: token,
      cookieName: 'refresh_token',
      baseUrl: '',
    },
    user: { id: randomUUID(), username: 'ada' },
    ...{ password: 'correct horse battery staple', newPassword: 'another one entirely', freeName: 'grace' },
    ...{ request: () => Promise.resolve(nothing), login: unused, another: unused },
  }
}

/** Asks for every example. An answer that is another documented one is none of the asked, but no difference. */
export async function askMock({ request }: Connection, findings: Findings): Promise<void> {
  for (const example of examples) {
    const { operationId, status, name, type } = example
    const ask = await good[operationId](nobody())
    const headers = { Prefer: `code=${status}, example=${name}`, Accept: type ?? '*/*' }
    const answer = await request(ask.path, {
      ...ask.request,
      headers: { ...ask.request.headers, ...headers },
    })
    if (exampleOf(operationId, answer) !== example)
      findings.missed(example, `the server answered ${answer.status} to Prefer: ${headers.Prefer}`)
  }
}
