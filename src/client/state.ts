import { claimsOf } from './identity.ts'
import type { End, SessionState } from './session-options.ts'
import type { Tokens } from './tokens.ts'

/** What pages are shown, and who is told when it changes */
export function createState() {
  const listeners = new Set<() => void>()
  let now: SessionState = { status: 'pending', user: undefined, expiresAt: undefined, ended: undefined }
  return {
    get now() {
      return now
    },
    publish(status: SessionState['status'], tokens: Tokens | undefined, ended: End | undefined): void {
      const { sub: id, sid: sessionId } = claimsOf(tokens?.accessToken)
      const { user } = now
      const isSame = user?.id === id && user?.sessionId === sessionId
      now = {
        status,
        user: isSame ? user : id && sessionId ? { id, sessionId } : undefined,
        expiresAt: tokens && tokens.receivedAt + tokens.expiresIn * 1000,
        ended,
      }
      // In microtasks of their own: an error thrown by the application must not stop the session.
      for (const listener of listeners) queueMicrotask(listener)
    },
    subscribe(listener: (state: SessionState) => void): () => void {
      const own = () => {
        if (listeners.has(own)) listener(now)
      }
      listeners.add(own)
      own()
      return () => {
        listeners.delete(own)
      }
    },
    isWatched: () => listeners.size > 0,
  }
}
