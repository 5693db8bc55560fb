import { claimsOf } from './identity.ts'
import type { Grant, SessionOptions, SessionState } from './session-options.ts'
import type { Stored } from './storage.ts'
import { memoryStorage, notesStorage, tolerant } from './storage.ts'
import type { Message } from './tabs.ts'
import { createTabs } from './tabs.ts'
import type { Tokens } from './tokens.ts'
import { following, isNewer, isTokens, lifetimeOf, sessionOf } from './tokens.ts'
import { pause } from './wait.ts'

/** A session that the service has still to end */
export interface Owed {
  /** Names the session. Undefined in cookie mode after a reload. */
  token: string | undefined
  /** Whether the cookie may be that of the session, so that the answer should clear it */
  mayHaveCookie: boolean
}

// Milliseconds. A person takes less than a tenth of a second for no time at all.
const HELLO = 100

export type Keeper = ReturnType<typeof createKeeper>

/**
 * Keeps who is logged in: in this tab, in the storage, and the same in all tabs.
 *
 * @param onChange called after tokens or owed logouts have changed
 */
export function createKeeper(
  options: SessionOptions,
  name: string | undefined,
  signal: AbortSignal,
  onChange: () => void,
) {
  const isCookie = options.mode === 'cookie'
  const storage = tolerant(options.storage ?? (isCookie && name ? notesStorage(name) : memoryStorage()))
  const tabs = createTabs(name, options.lockTimeout ?? 5000, signal, onMessage)
  const listeners = new Set<() => void>()
  // By the ids of the sessions in cookie mode, otherwise by their tokens
  const owed = new Map<string, Owed>()
  const paid = new Set<string>()
  // Ids of sessions that have ended: a refresh that was answered late must not bring one back.
  const over = new Set<string>()
  let state: SessionState = { status: 'pending', user: undefined, expiresAt: undefined, ended: undefined }
  let tokens: Tokens | undefined
  let remaining = () => 0
  // The newest tokens seen, also after the session has ended
  let last: Tokens | undefined
  // The session whose login this tab has told the others of
  let started = ''
  let onAnswer = () => {}
  let hasAsked = false
  let change = new AbortController()
  signal.addEventListener('abort', () => change.abort(signal.reason))
  if (signal.aborted) change.abort(signal.reason)

  /** Aborts what is under way for the session: an answer that comes late must change nothing, nor its cookie. */
  function interrupt(): void {
    if (signal.aborted) return
    change.abort()
    change = new AbortController()
  }

  function publish(status: SessionState['status'], ended: SessionState['ended']): void {
    const { sub: id, sid: sessionId } = claimsOf(tokens?.accessToken ?? '')
    const { user } = state
    const isSame = user?.id === id && user?.sessionId === sessionId
    state = {
      status,
      user: isSame ? user : id && sessionId ? { id, sessionId } : undefined,
      expiresAt: tokens && tokens.receivedAt + tokens.expiresIn * 1000,
      ended,
    }
    // In microtasks of their own: an error thrown by the application must not stop the session.
    for (const listener of listeners) queueMicrotask(listener)
    onChange()
  }

  function adopt(next: Tokens, how: 'heard' | 'started' | 'refreshed'): void {
    const [before, { user }] = [tokens, state]
    const isOther = sessionOf(before) !== sessionOf(next)
    tokens = last = next
    remaining = lifetimeOf(next)
    // A logout by a cookie alone would now end another session.
    owed.delete('')
    if (isOther && how !== 'refreshed') interrupt()
    if (before && isOther && (how === 'started' || sessionOf(before) === started)) owe(before, false)
    publish('loggedIn', undefined)
    onAnswer()
    if (before && how !== 'started' && user?.id !== state.user?.id) {
      queueMicrotask(() => options.onEnded?.('replaced', 'Another user has logged in.'))
    }
  }

  /** Tokens of other tabs or of the storage */
  function hear(next: unknown): void {
    if (!isTokens(next) || over.has(sessionOf(next))) return
    if (next.accessToken === tokens?.accessToken) onAnswer()
    else if (isNewer(next, last)) adopt(next, 'heard')
  }

  function onMessage(message: Message): void {
    if ('hello' in message) {
      const { reason: ended = 'logout', message: text = '' } = state.ended ?? {}
      if (tokens) tabs.tell({ tokens })
      else if (over.has(message.hello)) tabs.tell({ ended, message: text, session: message.hello })
    } else if ('ended' in message) {
      if (message.session) over.add(message.session)
      onAnswer()
      if (sessionOf(tokens) === message.session) end(message.ended, message.message)
    } else {
      if (message.started) over.delete(sessionOf(message.tokens))
      hear(message.tokens)
      if (tokens?.accessToken === message.tokens.accessToken) void save()
    }
  }

  function use(stored: Stored): void {
    for (const key of Array.isArray(stored.logout) ? stored.logout.map(String) : []) {
      if (paid.has(key) || owed.has(key)) continue
      over.add(claimsOf(key).sid ?? key)
      owed.set(key, { token: isCookie ? undefined : key, mayHaveCookie: true })
    }
    if (over.has(sessionOf(tokens))) end('logout', 'Logged out.')
    hear(stored)
    if (state.status === 'pending' && (stored.nobody || owed.size > 0)) publish('loggedOut', undefined)
  }
  const read = () => storage.read(use)

  const save = () =>
    storage.update((stored) => {
      // Another tab may have stored the tokens of a later login.
      const isLater = isTokens(stored) && !over.has(sessionOf(stored)) && isNewer(stored, last)
      const kept = isLater ? stored : tokens
      const logout = [...new Set([...owed.keys(), ...(stored.logout ?? [])])].filter((key) => !paid.has(key))
      const nobody = isCookie && !kept && logout.length === 0 && state.status === 'loggedOut'
      if (!kept && !nobody && logout.length === 0) return undefined
      return { ...kept, logout: logout.length > 0 ? logout : undefined, nobody: nobody || undefined }
    })

  async function take(grant: Grant, receivedAt: number, how: 'started' | 'refreshed'): Promise<void> {
    const { sid = '' } = claimsOf(grant.access_token)
    if (how === 'started') {
      over.delete(sid)
      started = sid
    } else if (over.has(sid)) {
      // The cookie of a session that was logged out while the service could not be reached
      owed.set(sid, { token: grant.access_token, mayHaveCookie: true })
      return onChange()
    }
    // Without rotation, answers contain no refresh token and the old one stays valid.
    const refreshToken = grant.refresh_token ?? (how === 'refreshed' ? tokens?.refreshToken : undefined)
    const rest = { ...(refreshToken && { refreshToken }), expiresIn: grant.expires_in, receivedAt }
    const next = following(last, grant.access_token, rest)
    adopt(next, how)
    await save()
    if (tokens !== next) return
    tabs.tell({ tokens, started: how === 'started' })
    queueMicrotask(() => options.onRefreshed?.(next))
  }

  function owe(of: Tokens, mayHaveCookie: boolean): void {
    const token = of.refreshToken ?? of.accessToken
    const session = sessionOf(of)
    if (session) over.add(session)
    owed.set(isCookie ? session : token, { token, mayHaveCookie })
  }

  function end(reason: string, message: string): void {
    if (state.status === 'loggedOut') return
    const session = sessionOf(tokens)
    if (session) over.add(session)
    tokens = undefined
    interrupt()
    publish('loggedOut', { reason, message })
    void save()
    queueMicrotask(() => options.onEnded?.(reason, message))
  }

  async function prepare(): Promise<void> {
    // The storage may be this tab's memory, or a copy: other tabs may have what is newer. They are asked before it is used.
    let first: Stored | undefined = {}
    await storage.read((stored) => {
      if (first) first = stored
      else use(stored)
    })
    const answer = new Promise<void>((resolve) => {
      onAnswer = resolve
    })
    tabs.tell({ hello: isTokens(first) ? sessionOf(first) : '' })
    await Promise.race([answer, pause(tabs.hasOthers ? HELLO : 0, signal)])
    const stored = first
    first = undefined
    use(stored)
    if (state.status === 'pending' && !isCookie) publish('loggedOut', undefined)
  }
  const ready = prepare()
  // Callers that await `ready` see its rejection. Without a caller, an abort must not be an unhandled rejection.
  ready.catch(() => {})

  return {
    ready,
    owed,
    exclusive: tabs.exclusive,
    read,
    take,
    interrupt,
    tokens: () => tokens,
    session: () => sessionOf(tokens),
    remaining: () => remaining(),
    state: () => state,
    /** Aborted by the next change of the session, and by the end of everything */
    change: () => change.signal,
    isUnknown: () => isCookie && state.status === 'pending',
    /** Whether only the service can say who is logged in, and this page has not asked it */
    mayAsk: () => isCookie && !tokens && !hasAsked,
    asked() {
      hasAsked = true
    },
    /** Ends the session in all tabs. */
    endEverywhere(reason: string, message: string) {
      if (state.status === 'loggedOut') return
      tabs.tell({ ended: reason, message, session: sessionOf(tokens) })
      end(reason, message)
    },
    nobody() {
      if (state.status === 'pending') publish('loggedOut', undefined)
      void save()
    },
    /** Makes the present session one to be ended, if there is one. */
    oweCurrent() {
      if (tokens) owe(tokens, true)
      else if (isCookie && state.status === 'pending') owed.set('', { token: undefined, mayHaveCookie: true })
    },
    settled(key: string) {
      owed.delete(key)
      paid.add(key)
      void save()
    },
    subscribe(listener: (state: SessionState) => void) {
      const own = () => void (listeners.has(own) && listener(state))
      listeners.add(own)
      own()
      return () => void listeners.delete(own)
    },
    isWatched: () => listeners.size > 0,
  }
}
