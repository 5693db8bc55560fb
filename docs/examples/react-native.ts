/**
 * A session in an app. `AsyncStorage` of `@react-native-async-storage/async-storage` fits as it is; a secure storage of the
 * platform is better, such as that of `expo-secure-store`.
 */
import type { SessionOptions } from 'rekindle-client'
import { createClient, createSession } from 'rekindle-client'

export interface AsyncStorage {
  getItem(key: string): Promise<string | null>
  setItem(key: string, value: string): Promise<void>
  removeItem(key: string): Promise<void>
}

const baseUrl = 'http://localhost:8787'
const origins = ['https://api.example.com']
const KEY = 'rekindle'

export function createAppSession(storage: AsyncStorage, onEnded: NonNullable<SessionOptions['onEnded']>) {
  const auth = createClient({ baseUrl })
  const session = createSession({
    baseUrl,
    origins,
    onEnded,
    storage: {
      get: async () => JSON.parse((await storage.getItem(KEY)) ?? 'null') ?? undefined,
      set: (stored) => (stored ? storage.setItem(KEY, JSON.stringify(stored)) : storage.removeItem(KEY)),
    },
  })

  /** @returns why the login was refused; undefined after a login */
  async function logIn(username: string, password: string): Promise<string | undefined> {
    const { data, error } = await auth.POST('/api/auth/login', { body: { username, password } })
    if (!data) return error.message
    await session.start(data.data)
    return undefined
  }

  return { session, logIn }
}
