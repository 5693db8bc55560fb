/** A page whose test writes its code: sessions as it wants them, and a record of what they told. */
import type { Session, SessionOptions } from '../../src/client/index.ts'
import { createClient, createSession, RefreshError, webStorage } from '../../src/client/index.ts'

// That of the tests, whose file is for Node
const PASSWORD = 'correct horse battery staple'

const { origin } = (globalThis as unknown as { location: { origin: string } }).location
const ended: string[] = []
const users: (string | undefined)[] = []

function open(options: Partial<SessionOptions> = {}): Session {
  const session = createSession({
    baseUrl: origin,
    backoff: 50,
    onEnded: (reason) => void ended.push(reason),
    ...options,
  })
  session.subscribe(({ user }) => void (users.at(-1) !== user?.id && users.push(user?.id)))
  return session
}

/** @param more replaces members of the answer */
async function logIn(session: Session, username: string, cookie = false, more = {}): Promise<void> {
  const auth = createClient({ baseUrl: origin })
  const { data } = await auth.POST('/api/auth/login', { body: { username, password: PASSWORD, cookie } })
  if (!data) throw new Error('not logged in')
  await session.start({ ...data.data, ...more })
}

async function me(session: Session): Promise<string | number> {
  const response = await session.fetch('/api/auth/me')
  return response.ok
    ? ((await response.json()) as { data: { username: string } }).data.username
    : response.status
}

Object.assign(globalThis, { client: { open, logIn, me, ended, users, webStorage, RefreshError } })
