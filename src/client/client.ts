import type { Client } from 'openapi-fetch'
import createOpenApiClient from 'openapi-fetch'
import type { paths } from '../../generated/types.ts'

export interface ClientOptions {
  /** Where the service is, `https://auth.example.com` */
  readonly baseUrl: string
  /** `session.fetch` of {@link createSession} adds and refreshes tokens; the platform's `fetch` by default */
  readonly fetch?: (request: Request) => Promise<Response>
  /** `include` for cookie mode from another origin */
  readonly credentials?: NonNullable<RequestInit['credentials']>
}

/**
 * All operations of the contract, typed: `client.POST('/api/auth/login', { body: { … } })` gives
 * `{ data, error, response }`. It never throws for a status, only when the network fails.
 */
export const createClient: (options: ClientOptions) => Client<paths> = createOpenApiClient
