import type { Keeper, Owed } from './keeper.ts'
import type { RequestOptions } from './request.ts'
import { RefreshError, request } from './request.ts'

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
    const find = () => keeper.owed.get(key) as Owed
    // After a reload in cookie mode, the cookie may be that of a later login. A refresh tells.
    if (key && !find().token) await refresh()
    const owed = find()
    if (!key || owed?.token) {
      const make = async () => {
        // After a new login, the cookie is that of the new session, and without a token nothing identifies the old one.
        if (!owed.token && keeper.tokens()) throw new RefreshError('no_answer')
        // Only the first try sends the cookie, and the answer clears it. By a later try another page may have logged in
        // and replaced the cookie, so only the token identifies the session. A login on this page aborts the first.
        const mayHaveCookie = owed.mayHaveCookie || !owed.token
        owed.mayHaveCookie = false
        return post(mayHaveCookie ? { signal: keeper.change() } : { credentials: 'omit' }, owed.token)
      }
      const answer = await request(make, sending, sending.signal)
      // 401: the session has already ended.
      if (answer && answer.status !== 200 && answer.status !== 401) throw new RefreshError(answer.reason)
    }
    keeper.settled(key)
  }

  return () =>
    Promise.all(
      [...keeper.owed.keys()].map((key) => {
        const sending = sent.get(key) ?? send(key).finally(() => sent.delete(key))
        sent.set(key, sending)
        return sending
      }),
    )
}
