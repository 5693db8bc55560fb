import type { Settings } from '../config/settings.ts'
import type { Database } from '../store/schema.ts'
import type { TokenKeys } from '../tokens/jwt.ts'

/** The settings that the rules of sessions read. All durations in milliseconds. */
export type SessionSettings = Pick<
  Settings,
  | 'accessTokenTtl'
  | 'refreshTokenTtl'
  | 'sessionMaxAge'
  | 'rotation'
  | 'grace'
  | 'exchangeWindow'
  | 'eventsRetention'
>

/** What the rules of sessions work with. */
export interface SessionContext {
  readonly db: Database
  readonly keys: TokenKeys
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly settings: SessionSettings
  /**
   * Whether a session may be written to once more; asked when its token was verified. What needs no writing, a replay
   * above all, and what has to be written for safety, the end of a session after reuse, is done in any case.
   */
  readonly mayWrite?: (sessionId: string) => Promise<boolean>
}

/** Before it, a last refresh has left no access token that could still be exchanged. */
export function idleCutoff({ settings }: Pick<SessionContext, 'settings'>, now: number): number {
  return now - settings.accessTokenTtl - settings.exchangeWindow - settings.grace
}
