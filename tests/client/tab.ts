/** A tab as the client sees one: several in a process share locks and channels, as the tabs of an origin do. */
import type { TestContext } from 'node:test'
import type { Session, SessionOptions, Tokens } from '../../src/client/index.ts'
import { createSession } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import type { Service } from '../support/service.ts'
import { PASSWORD } from '../support/service.ts'

export interface Tab {
  readonly session: Session
  readonly refreshed: Tokens[]
  readonly ended: string[]
  /** The paths that it requested, with the statuses; `lost` when no response came */
  readonly sent: string[]
  /** Loses the next answers after the server has acted on the requests */
  lose(count: number): void
  /** Makes every request fail before it is sent, or no longer */
  offline: boolean
  close(): void
}

/** @param name of the session: tabs with one name share it */
export function openTab(
  t: Pick<TestContext, 'after'>,
  service: Pick<Service, 'url'>,
  name: string,
  options: Partial<SessionOptions> = {},
): Tab {
  const closing = new AbortController()
  t.after(() => closing.abort())
  let losing = 0
  const tab: Tab = {
    refreshed: [],
    ended: [],
    sent: [],
    offline: false,
    lose(count) {
      losing = count
    },
    close: () => closing.abort(),
    session: createSession({
      baseUrl: service.url,
      name,
      backoff: 5,
      signal: closing.signal,
      onRefreshed: (tokens) => void tab.refreshed.push(tokens),
      onEnded: (reason) => void tab.ended.push(reason),
      ...options,
      fetch: async (input, init) => {
        const { origin, pathname } = new URL((input as Request).url)
        if (tab.offline) {
          tab.sent.push(`${pathname} offline`)
          throw new TypeError('fetch failed')
        }
        const response = await (options.fetch ?? (origin === service.url ? checkedFetch : fetch))(input, init)
        if (losing > 0) {
          losing--
          await response.arrayBuffer()
          tab.sent.push(`${pathname} lost`)
          throw new TypeError('fetch failed')
        }
        tab.sent.push(`${pathname} ${response.status}`)
        return response
      },
    }),
  }
  return tab
}

/** Logs in over HTTP, and tells the tab. */
export async function logIn(
  service: Pick<Service, 'tryLogin'>,
  { session }: Pick<Tab, 'session'>,
  username = 'ada',
) {
  const { body } = await service.tryLogin(PASSWORD, username)
  await session.start(body.data)
  return body.data as { access_token: string; refresh_token: string }
}
