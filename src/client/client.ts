import type { Client, ClientOptions } from 'openapi-fetch'
import createFetchClient from 'openapi-fetch'
import type { paths } from '../../generated/types.ts'

/** Calls the service's operations, typed by the contract. */
export function createClient(options?: ClientOptions): Client<paths> {
  return createFetchClient<paths>(options)
}
