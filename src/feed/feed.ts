/** What has ended, for the APIs that follow it: see `docs/adr/0061-the-feed.md`. */
import { CLOCK_SKEW, endsOfOpenGraces } from '../clock.ts'
import type { FeedEntry } from '../store/queries/feed.ts'
import { cursorAfter, placeEntries, positionOf, readEntries, readHead, START } from '../store/queries/feed.ts'
import type { Database } from '../store/schema.ts'
import { createFollowers } from './followers.ts'

/** A part of the feed */
export interface FeedPage {
  readonly entries: readonly FeedEntry[]
  /** The `cursor` of the next request */
  readonly cursor: string
  /** Whether the follower has to forget what it had before this page */
  readonly isSnapshot: boolean
  /** Whether more entries are there already */
  readonly hasMore: boolean
}

export interface Feed {
  /**
   * Reads what has ended after a cursor. It waits until there is something, or until the time is over. The page is true at
   * the time of the request or later.
   *
   * @param time milliseconds that the follower is ready to wait
   * @param left ends the wait when the follower has gone
   * @throws the error of the database
   */
  read(cursor: string | undefined, time: number, left?: AbortSignal): Promise<FeedPage>
  /** Tells that something may have ended. It returns at once. */
  wake(): void
  /** The number of followers that wait */
  readonly followers: number
  /** Lets all followers go, and later ones do not wait. */
  close(): void
}

export interface FeedContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly settings: { readonly accessTokenTtl: number; readonly grace: number }
}

/** Entries of one answer: about 500 kB */
export const PAGE = 5000

export function createFeed({ db, now, settings }: FeedContext): Feed {
  // The pages of followers that are at the same cursor, until the head moves
  const pages = new Map<string, Promise<FeedPage>>()
  const followers = createFollowers(
    async () => {
      // An exchanged token is accepted until its grace window is over, here and by the APIs.
      const held = endsOfOpenGraces(now(), settings.grace)
      const { last, due } = await readHead(db, held)
      if (due === undefined) return cursorAfter(last)
      while (await placeEntries(db, due));
      return cursorAfter((await readHead(db, held)).last)
    },
    () => pages.clear(),
  )

  async function readPage(cursor: string | undefined): Promise<FeedPage> {
    const position = positionOf(cursor ?? START)
    const since = now() - settings.accessTokenTtl - CLOCK_SKEW
    const found = await readEntries(db, { position, since, limit: PAGE + 2 })
    if (position === 0) return pageOf(found, cursor, cursor === undefined)
    const [own, ...after] = found
    // It is not there, or something else is: the database was restored, or the follower was away for too long.
    if (own?.position !== position || cursorAfter(own) !== cursor) return readPage(undefined)
    return pageOf(after, cursor, false)
  }

  function pageAt(cursor: string | undefined): Promise<FeedPage> {
    const key = cursor ?? ''
    const page = pages.get(key) ?? readPage(cursor)
    pages.set(key, page)
    // A failure is not kept, and neither are so many that only made-up cursors explain them.
    page.catch(() => pages.delete(key))
    if (pages.size > MAX_PAGES) pages.clear()
    return page
  }

  return {
    async read(cursor, time, left) {
      const wait = { deadline: performance.now() + time, left }
      let head = await followers.headSince(performance.now())
      let page = await pageAt(cursor)
      if (page.isSnapshot || page.hasMore || time === 0) return page
      if (page.entries.length > 0) {
        await followers.turn(wait)
        return pageAt(cursor)
      }
      while (page.entries.length === 0) {
        const next = await followers.moved(head, wait)
        if (next === head) return page
        head = next
        page = await pageAt(cursor)
      }
      return page
    },
    wake: followers.wake,
    get followers() {
      return followers.waiting
    },
    close: followers.close,
  }
}

const MAX_PAGES = 50

function pageOf(found: readonly FeedEntry[], cursor: string | undefined, isSnapshot: boolean): FeedPage {
  const entries = found.slice(0, PAGE)
  const next = entries.length > 0 ? cursorAfter(entries.at(-1)) : (cursor ?? START)
  return { entries, cursor: next, isSnapshot, hasMore: found.length > PAGE }
}
