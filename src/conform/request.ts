/** Requests as tests and the conformance run make them, and what comes back. */

export interface Request {
  readonly method?: string
  readonly bearer?: string | undefined
  readonly cookie?: string | undefined
  readonly headers?: Readonly<Record<string, string>>
  readonly json?: unknown
  readonly body?: string | Uint8Array | ReadableStream
}

/** An answer that was read to its end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: members of all sorts of bodies are read
  readonly body: any
}

const bodyOf = ({ json, body }: Request) => (json === undefined ? body : JSON.stringify(json))

/** POST if there is a body, else GET, unless the request says another method. */
export const methodOf = (request: Request): string =>
  request.method ?? (request.json === undefined && request.body === undefined ? 'GET' : 'POST')

/** @param how further options of `fetch` */
export async function send(url: string, request: Request, how: RequestInit = {}): Promise<Answer> {
  const headers = new Headers(request.headers)
  if (request.bearer !== undefined) headers.set('Authorization', `Bearer ${request.bearer}`)
  if (request.cookie !== undefined) headers.set('Cookie', request.cookie)
  if (request.json !== undefined) headers.set('Content-Type', 'application/json')
  const body = bodyOf(request)
  const response = await fetch(url, {
    ...how,
    method: methodOf(request),
    headers,
    ...(body !== undefined && { body, duplex: 'half' }),
  } as RequestInit)
  const text = await response.text()
  return { status: response.status, headers: response.headers, text, body: parsed(response.headers, text) }
}

function parsed(headers: Headers, text: string): unknown {
  if (headers.get('Content-Type')?.split(';')[0] !== 'application/json') return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
