/** The session of a page: one for all its components, HTTP clients and tabs. */
import { createClient, createSession } from 'rekindle-client'

const baseUrl = 'http://localhost:8787'

export const session = createSession({ baseUrl, mode: 'cookie' })
const auth = createClient({ baseUrl, credentials: 'include' })

/** @returns why the login was refused; undefined after a login */
export async function logIn(username: string, password: string): Promise<string | undefined> {
  const { data, error } = await auth.POST('/api/auth/login', { body: { username, password, cookie: true } })
  if (!data) return error.message
  await session.start(data.data)
  return undefined
}

// The session has ended here even if the service has not heard of it: then it is told later.
export const logOut = () => session.logout().catch(() => {})
