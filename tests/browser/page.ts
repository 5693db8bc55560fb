/** The code of each tab: a session that is used all the time, and a record of everything its user would notice. */
import { createSession, webStorage } from '../../src/client/index.ts'

const { origin, hash } = (globalThis as unknown as { location: { origin: string; hash: string } }).location
const mode = hash === '#header' ? 'header' : 'cookie'
const { localStorage } = globalThis

const record = { ended: [] as string[], refreshed: 0, answers: {} as Record<string, number>, last: 0 }

const dying = new AbortController()
const session = createSession({
  baseUrl: origin,
  mode,
  ...(mode === 'header' && { storage: webStorage(localStorage) }),
  lockTimeout: 1000,
  backoff: 100,
  timeout: 3000,
  signal: dying.signal,
  fetch: (input, init) => {
    const request = new Request(input, init)
    // For the gateway, which counts rotations: a new tab rotates if no other tab answers it soon enough.
    request.headers.set('X-Sent-At', String(Date.now()))
    request.headers.set('X-New', String(record.last === 0))
    return fetch(request)
  },
  onEnded: (reason) => void record.ended.push(reason),
  onRefreshed: () => void record.refreshed++,
})

async function use(): Promise<void> {
  const what = await session.fetch('/api/auth/me').then(
    ({ status }) => String(status),
    () => 'no network',
  )
  record.answers[what] = (record.answers[what] ?? 0) + 1
  record.last = Date.now()
  setTimeout(use, 100 + 200 * Math.random())
}

async function logIn(username: string, password: string): Promise<void> {
  const response = await fetch('/api/auth/login', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username, password, cookie: mode === 'cookie' }),
  })
  const { data } = (await response.json()) as { data: Parameters<typeof session.start>[0] }
  await session.start(data)
}

/** Takes the session's lock and never releases it, like a tab that is frozen during a refresh. */
const holdLock = () =>
  new Promise<void>((held) => {
    const { locks } = navigator as unknown as {
      locks: { request(name: string, work: () => Promise<never>): Promise<never> }
    }
    void locks.request(`rekindle ${origin}`, () => {
      held()
      return new Promise<never>(() => {})
    })
  })

/** Behaves like a tab that is killed during a refresh, before its request is sent. */
async function die(): Promise<void> {
  await holdLock()
  // Otherwise it might still rotate: the browser would have the new cookie, and the other tabs would not know.
  dying.abort()
}

Object.assign(globalThis, { rekindle: { session, record, use, logIn, holdLock, die } })
