import type { Keeper } from './keeper.ts'
import type { RequestOptions } from './request.ts'
import { RefreshError, request } from './request.ts'

/** A session that the service has still to end */
export interface Owed {
  /** Names the session. Undefined in cookie mode after a reload. */
  token?: string
  /** Whether the cookie may be that of the session, so that the answer should clear it */
  hasCookie: boolean
  /** Whether it is stored. In cookie mode only as long as the cookie may be that of the session. */
  readonly isKept: boolean
}

/**
 * @param post creates a request to log out
 * @param refresh asks whose cookie it is
 * @returns sends all logouts that the service has not heard of, and throws what kept one of them from being heard
 */
export function createLogouts(
  keeper: Keeper,
  post: (init: RequestInit, token: string | undefined) => Request,
  refresh: () => Promise<void>,
  sending: RequestOptions,
): () => Promise<unknown> {
  const sent = new Map<string, Promise<void>>()

  async function send(key: string): Promise<void> {
    const owed = keeper.owed.get(key) as Owed
    // After a reload in cookie mode, the cookie may be that of a later login. A refresh tells.
    if (key && !owed.token) await refresh()
    const { token } = keeper.owed.get(key) ?? owed
    const make = async () => {
      // After a new login, the cookie is that of the new session, and without a token nothing identifies the old one.
      if (!token && keeper.tokens) throw new RefreshError('no_answer')
      // Only the first try sends the cookie, and the answer clears it. By a later try another page may have logged in and
      // replaced the cookie, so only the token identifies the session. A login on this page aborts the first try.
      const init: RequestInit = owed.hasCookie ? { signal: keeper.change } : { credentials: 'omit' }
      if (token) owed.hasCookie = false
      return post(init, token)
    }
    const answer = key && !token ? undefined : await request(make, sending)
    // 401: the session has already ended.
    if (answer && answer.status !== 200 && answer.status !== 401) throw new RefreshError(answer.reason)
    keeper.settle(key)
  }

  return () =>
    Promise.all(
      [...keeper.owed.keys()].map((key) => {
        const done = sent.get(key) ?? send(key).finally(() => sent.delete(key))
        sent.set(key, done)
        return done
      }),
    )
}
