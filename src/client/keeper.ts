import { claimsOf } from './identity.ts'
import type { Owed } from './logout.ts'
import type { End, Grant, SessionOptions, SessionState } from './session-options.ts'
import { createState } from './state.ts'
import type { Stored } from './storage.ts'
import { memoryStorage, tolerant, webStorage } from './storage.ts'
import type { Message } from './tabs.ts'
import { createTabs } from './tabs.ts'
import type { Tokens } from './tokens.ts'
import { following, isNewer, isTokens, lifetimeOf, sessionOf } from './tokens.ts'
import { pause } from './wait.ts'

// Milliseconds. A person takes less than a tenth of a second for no time at all.
const HELLO = 100

const LOGOUT: End = { reason: 'logout', message: 'Logged out.' }

export type Keeper = ReturnType<typeof createKeeper>

/**
 * Keeps the state of the session: in this tab and in the storage. It is the same in all tabs.
 *
 * @param onChange called after the tokens have changed
 */
export function createKeeper(
  options: SessionOptions,
  name: string,
  signal: AbortSignal,
  onChange: () => void,
) {
  const isCookie = options.mode === 'cookie'
  // In cookie mode a browser keeps logouts as long as the cookie, but no tokens.
  const isNotes = isCookie && name && !options.storage
  const storage = tolerant(
    options.storage ?? (isNotes ? webStorage(() => localStorage, name) : memoryStorage()),
  )
  const tabs = createTabs(name, options.lockTimeout ?? 5000, signal, onMessage)
  // By the ids of the sessions in cookie mode, otherwise by their tokens
  const owed = new Map<string, Owed>()
  // Of these the service has heard, which the storage may not know yet.
  const heard = new Set<string>()
  // Ids of sessions that have ended: a refresh that was answered late must not bring one back.
  const over = new Set<string | undefined>()
  const state = createState()
  let tokens: Tokens | undefined
  let remaining = () => 0
  // The newest tokens seen, also after the session has ended
  let last: Tokens | undefined
  // The session whose login this tab has told the others of
  let started: string | undefined
  let onAnswer = () => {}
  // What was stored, until the other tabs were asked
  let unused: Stored | undefined = {}
  let change = new AbortController()

  /** Aborts what is under way for the session: an answer that comes late must change nothing, nor its cookie. */
  function interrupt(): void {
    change.abort(signal.reason)
    if (!signal.aborted) change = new AbortController()
  }
  signal.addEventListener('abort', interrupt)
  if (signal.aborted) interrupt()

  // In a microtask of its own: an error thrown by the application must not stop the session.
  const notifyEnded = ({ reason, message }: End) => queueMicrotask(() => options.onEnded?.(reason, message))

  function publish(status: SessionState['status'], ended?: End): void {
    state.publish(status, tokens, ended)
    onChange()
  }

  /** @param isLogin of this tab @param isHeard from other tabs or the storage */
  function adopt(next: Tokens, isLogin: boolean, isHeard: boolean): void {
    const [before, { user }] = [tokens, state.now]
    const isOther = sessionOf(before) !== sessionOf(next)
    tokens = last = next
    remaining = lifetimeOf(next)
    // A logout by the cookie alone would now end another session.
    owed.delete('')
    if (isOther && isHeard) interrupt()
    if (before && isOther && (isLogin || sessionOf(before) === started)) owe(before, false)
    publish('loggedIn')
    if (before && !isLogin && user?.id !== state.now.user?.id)
      notifyEnded({ reason: 'replaced', message: 'Another user has logged in.' })
  }

  function hear(next: unknown): void {
    if (isTokens(next) && !over.has(sessionOf(next)) && isNewer(next, last)) adopt(next, false, true)
  }

  function onMessage(message: Message): void {
    if ('hello' in message) {
      const session = sessionOf(message.hello)
      const known = tokens ?? (isTokens(unused) ? unused : undefined)
      if (known) tabs.tell({ tokens: known })
      else if (over.has(session)) tabs.tell({ ended: state.now.ended ?? LOGOUT, session })
      hear(message.hello)
      return
    }
    if ('ended' in message) {
      // Without an id it is the end of what a cookie was of, and of pages that do not know yet.
      if (message.session) over.add(message.session)
      if (sessionOf(tokens) === message.session) end(message.ended)
    } else {
      if (message.isLogin) over.delete(sessionOf(message.tokens))
      hear(message.tokens)
      void save()
    }
    onAnswer()
  }

  function use(stored: Stored = {}): void {
    for (const key of stored.logout ?? []) {
      if (owed.has(key) || heard.has(key)) continue
      over.add(claimsOf(key).sid ?? key)
      owed.set(key, { ...(!isCookie && { token: key }), hasCookie: true, isKept: true })
    }
    // First, because a login over another session stores both.
    hear(stored)
    if (over.has(sessionOf(tokens))) end(LOGOUT)
    if (state.now.status === 'pending' && (stored.nobody || owed.size > 0)) publish('loggedOut')
  }

  const save = () =>
    storage.update((stored) => {
      // Another tab may have stored the tokens of a later login.
      const isLater = isTokens(stored) && !over.has(sessionOf(stored)) && isNewer(stored, last)
      const kept = isLater ? stored : tokens
      const keys = new Set(stored.logout)
      for (const [key, { isKept }] of owed) if (isKept) keys.add(key)
      for (const key of heard) keys.delete(key)
      const logout = keys.size > 0 ? [...keys] : undefined
      const nobody = (isCookie && !logout && state.now.status === 'loggedOut') || undefined
      return kept || logout || nobody ? { ...(isNotes ? {} : kept), logout, nobody } : undefined
    })

  async function take(grant: Grant, receivedAt: number, isLogin = false): Promise<void> {
    const { sid = '' } = claimsOf(grant.access_token)
    if (isLogin) {
      interrupt()
      over.delete(sid)
      started = sid
    } else if (over.has(sid)) {
      // The cookie was of a session that was logged out while the service could not be reached.
      owed.set(sid, { token: grant.access_token, hasCookie: true, isKept: true })
      return onChange()
    }
    // Without rotation, answers contain no refresh token and the old one stays valid.
    const refreshToken = grant.refresh_token ?? (isLogin ? undefined : tokens?.refreshToken)
    const next = following(last, grant, receivedAt, refreshToken)
    adopt(next, isLogin, false)
    await save()
    if (tokens !== next) return
    tabs.tell({ tokens, isLogin })
    queueMicrotask(() => options.onRefreshed?.(next))
  }

  function owe(of: Tokens, hasCookie: boolean): void {
    const token = of.refreshToken ?? of.accessToken
    const session = sessionOf(of)
    over.add(session)
    owed.set(isCookie ? session : token, { token, hasCookie, isKept: hasCookie || !isCookie })
  }

  function end(ended: End): void {
    if (state.now.status === 'loggedOut') return
    over.add(sessionOf(tokens))
    // Tokens without a session have no end of their own.
    over.delete('')
    tokens = undefined
    interrupt()
    publish('loggedOut', ended)
    void save()
    notifyEnded(ended)
  }

  async function prepare(): Promise<void> {
    // The storage may be this tab's memory, or a copy: other tabs may have what is newer. They are asked before it is used.
    await storage.read((stored) => {
      if (unused) unused = stored
      else use(stored)
    })
    const answer = new Promise<void>((resolve) => {
      onAnswer = resolve
    })
    const hasOthers = tabs.tell({ hello: isTokens(unused) ? unused : undefined })
    await Promise.race([answer, pause(hasOthers ? HELLO : 0, signal)])
    const stored = unused
    unused = undefined
    use(stored)
    if (state.now.status === 'pending' && !isCookie) publish('loggedOut')
  }
  const ready = prepare()
  // Callers that await `ready` see its rejection. Without a caller, an abort must not be an unhandled rejection.
  ready.catch(() => {})

  return {
    ready,
    owed,
    /** Whether this page has asked the service */
    hasAsked: false,
    exclusive: tabs.exclusive,
    take,
    interrupt,
    read: () => storage.read(use),
    get tokens() {
      return tokens
    },
    get state() {
      return state.now
    },
    /** Aborted by the next change of the session, and by the end of everything */
    get change(): AbortSignal {
      return change.signal
    },
    session: () => sessionOf(tokens),
    remaining: () => remaining(),
    /** The service has ended one of the `owed`. */
    settle(key: string) {
      heard.add(key)
      owed.delete(key)
      void save()
    },
    /** Ends the session in all tabs. */
    end(ended = LOGOUT) {
      if (state.now.status === 'loggedOut') return
      // Without the key nobody can go on with the session, so it should not stay open.
      if (ended === LOGOUT || /^dpop/.test(ended.reason)) {
        if (tokens) owe(tokens, true)
        else if (isCookie) owed.set('', { hasCookie: true, isKept: true })
      }
      tabs.tell({ ended, session: sessionOf(tokens) })
      end(ended)
    },
    nobody() {
      if (state.now.status === 'pending') publish('loggedOut')
      void save()
    },
    subscribe: state.subscribe,
    isWatched: state.isWatched,
  }
}
