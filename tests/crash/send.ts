/** One request, seen by a client that cannot know its outcome. */
import { checkedFetch } from '../support/check-response.ts'

export interface Answer {
  readonly status: number
  // biome-ignore lint/suspicious/noExplicitAny: members of all sorts of bodies
  readonly body: any
}

/** `unsent`: the connection was refused; `cut`, `unavailable`: the request may have been carried out or not */
export type Loss = 'unsent' | 'cut' | 'unavailable'

export interface Call {
  readonly path: string
  readonly bearer?: string
  readonly json?: object
}

export async function send(url: string, { path, bearer, json }: Call): Promise<Answer | Loss> {
  try {
    const response = await checkedFetch(url + path, {
      method: path === '/api/auth/me' ? 'GET' : 'POST',
      headers: {
        ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
    })
    const body = await response.json()
    return response.status === 503 ? 'unavailable' : { status: response.status, body }
  } catch (error) {
    const { cause } = error as { cause?: { code?: string } }
    return cause?.code === 'ECONNREFUSED' ? 'unsent' : 'cut'
  }
}
