import type { Keeper } from './keeper.ts'
import type { RequestOptions } from './request.ts'
import { isGrant, RefreshError, request } from './request.ts'
import { pause, within } from './wait.ts'

/**
 * @param make creates the request of a refresh
 * @returns refreshes. One promise for all callers in this tab, and one lock for all tabs.
 */
export function createRefresh(
  keeper: Keeper,
  make: () => Request,
  sending: RequestOptions,
): () => Promise<void> {
  let flight: { readonly change: AbortSignal; readonly done: Promise<void> } | undefined

  return function refresh() {
    const { change } = keeper
    if (flight?.change !== change) {
      const stale = keeper.tokens?.accessToken
      // A copy of tokens must not be used before the other tabs were asked.
      const work = () => keeper.ready.then(() => keeper.exclusive(() => replace(stale, change)))
      const done = within([change], work)
        // The session has changed, and its next refresh is another one.
        .catch((error) => {
          if (!change.aborted || sending.signal.aborted) throw error
        })
        .finally(() => {
          if (flight?.change === change) flight = undefined
        })
      flight = { change, done }
    }
    return flight.done
  }

  async function replace(stale: string | undefined, change: AbortSignal): Promise<void> {
    let sentAt = 0
    // Another tab may have refreshed while this one waited for the lock, the next try or the answer.
    const isOvertaken = async () => {
      await keeper.read()
      return change.aborted || keeper.tokens?.accessToken !== stale
    }
    // The message of the last lock holder may still be in transit.
    await pause(10, change)
    const answer = await request(
      async () => {
        if (await isOvertaken()) return undefined
        sentAt = Date.now()
        return make()
      },
      sending,
      change,
    )
    if (!answer || (await isOvertaken())) return
    keeper.hasAsked = true
    const { status, reason, message, data } = answer
    if (status === 200 && isGrant(data)) return keeper.take(data, sentAt)
    // 403 and 404 are about the request, unless they are about the user: `user_inactive`, `user_not_found`.
    // A proof that was refused tells nothing of the session: perhaps PUBLIC_URL is not the address that this page uses.
    const isOver = status === 401 ? !/^(use|invalid)_dpop/.test(reason) : /^user/i.test(reason)
    if (!isOver) throw new RefreshError(reason)
    if (stale === undefined && /missing/i.test(reason)) keeper.nobody()
    else keeper.end({ reason, message })
  }
}
