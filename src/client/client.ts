import type { Client as OpenApiClient } from 'openapi-fetch'
import type { paths } from '../../generated/types.ts'

export interface ClientOptions {
  /** The URL of the service, such as `https://auth.example.com` */
  readonly baseUrl: string
  /** The platform's `fetch` by default. `session.fetch` adds and refreshes tokens: see `createSession`. */
  readonly fetch?: (request: Request) => Promise<Response>
  /** Use `include` for cookie mode from another origin */
  readonly credentials?: NonNullable<RequestInit['credentials']>
}

/**
 * The operations of the contract, by method. The types are those of openapi-fetch, whose options all have an effect except
 * `middleware` and the serializers.
 */
export type Client = Pick<OpenApiClient<paths>, 'GET' | 'POST' | 'DELETE'>

type Values = Readonly<Record<string, unknown>>

interface Options extends Omit<RequestInit, 'body' | 'headers'> {
  readonly params?: { readonly path?: Values; readonly query?: Values; readonly header?: Values }
  readonly headers?: Headers | Values
  readonly body?: unknown
  readonly parseAs?: 'json' | 'text' | 'blob' | 'arrayBuffer' | 'stream'
  readonly baseUrl?: string
  readonly fetch?: ClientOptions['fetch']
}

const entriesOf = (values: Headers | Values = {}): [string, unknown][] =>
  values instanceof Headers ? [...values] : Object.entries(values)

function requestOf(method: string, path: string, options: Options): Request {
  const { params = {}, baseUrl = '', body, headers, ...init } = options
  const escaped = path.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(String(params.path?.[name])))
  const query = entriesOf(params.query)
    .filter(([, value]) => value != null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
  const sent = new Headers(body === undefined ? {} : { 'Content-Type': 'application/json' })
  for (const [name, value] of [...entriesOf(params.header), ...entriesOf(headers)]) {
    if (value != null) sent.set(name, String(value))
  }
  return new Request(
    baseUrl.replace(/\/+$/, '') + escaped + (query.length > 0 ? `?${query.join('&')}` : ''),
    {
      ...init,
      method,
      headers: sent,
      ...(body !== undefined && { body: JSON.stringify(body) }),
    },
  )
}

async function resultOf(response: Response, parseAs: Options['parseAs'] = 'json') {
  if (response.ok && parseAs !== 'json') {
    return { data: parseAs === 'stream' ? response.body : await response[parseAs](), response }
  }
  const text = await response.text()
  if (response.ok) return { data: text ? JSON.parse(text) : undefined, response }
  try {
    return { error: JSON.parse(text), response }
  } catch {
    // A proxy answers with a page.
    return { error: text || undefined, response }
  }
}

/**
 * Creates a typed client for all operations of the contract.
 *
 * Each call resolves to `{ data, error, response }`: `data` for 2xx, `error` for every other status. It rejects only when
 * the network fails.
 *
 * @param options where the service is and how to send requests
 * @returns a client with the methods `GET`, `POST` and `DELETE`
 * @example
 * ```ts
 * import { createClient } from 'rekindle/client'
 *
 * const auth = createClient({ baseUrl: 'https://auth.example.com' })
 * const { data, error } = await auth.POST('/api/auth/login', {
 *   body: { username: 'ada', password: 'correct horse battery staple' },
 * })
 * if (error) console.error(error.message)
 * else console.log(data.data.access_token)
 * ```
 */
export function createClient(options: ClientOptions): Client {
  const call = (method: string) => async (path: string, own: Options) => {
    const { fetch = globalThis.fetch, parseAs, ...init } = { ...options, ...own }
    return resultOf(await fetch(requestOf(method, path, init)), parseAs)
  }
  return { GET: call('GET'), POST: call('POST'), DELETE: call('DELETE') } as Client
}
