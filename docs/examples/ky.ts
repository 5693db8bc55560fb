/** ky sends with `session.fetch`, which adds the token, refreshes it after a 401, and repeats the request. */
import ky from 'ky'
import { RefreshError } from 'rekindle-client'
import { session } from './session.ts'

export const api = ky.create({
  prefix: '/api',
  fetch: session.fetch,
  // The session has already tried several times.
  retry: { shouldRetry: ({ error }) => (error instanceof RefreshError ? false : undefined) },
})
