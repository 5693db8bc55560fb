import type { Client } from 'openapi-fetch'
import createOpenApiClient from 'openapi-fetch'
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
 * Creates a typed client for all operations of the contract.
 *
 * Each call resolves to `{ data, error, response }`: `data` for 2xx, `error` for every other status. It rejects only when
 * the network fails.
 *
 * @param options where the service is and how to send requests
 * @returns a client of openapi-fetch with the methods `GET`, `POST`, `DELETE` …
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
export const createClient: (options: ClientOptions) => Client<paths> = createOpenApiClient
