import { CLOCK_SKEW } from '../clock.ts'
import type { Settings } from '../config/settings.ts'
import type { Feed } from '../feed/feed.ts'
import type { Database } from '../store/schema.ts'
import type { TokenKeys } from '../tokens/keys.ts'
import type { AdoptionRules } from './adopt.ts'

/** The settings of sessions. All durations are in milliseconds. */
export type SessionSettings = Pick<
  Settings,
  | 'accessTokenTtl'
  | 'refreshTokenTtl'
  | 'sessionMaxAge'
  | 'rotation'
  | 'grace'
  | 'lateRetry'
  | 'sharedTokens'
  | 'dbsc'
  | 'exchangeWindow'
  | 'exchangeSessions'
  | 'eventsRetention'
  | 'sessionsPerUser'
  | 'bindsAccessTokens'
>

/** The dependencies of the functions on sessions. */
export interface SessionContext {
  readonly db: Database
  readonly keys: TokenKeys
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly settings: SessionSettings
  /**
   * Asks the limits whether a session may be written to, after its token was verified. A replay, which writes nothing, and
   * the revocation after a reuse happen in any case.
   */
  readonly mayWrite?: (session: { readonly sessionId: string; readonly userId: string }) => Promise<boolean>
  /** Undefined: tokens of other systems are refused */
  readonly adoption?: AdoptionRules | undefined
  /** The feed of what has ended, if APIs follow it. Endings are in it in any case, exchanged tokens only then. */
  readonly feed?: Pick<Feed, 'wake'> | undefined
}

/**
 * The time before which a refresh may be shown to the user. It is well before the beginning of every grace window that is
 * still open, also by the clock of another process.
 *
 * @param now milliseconds since the epoch
 */
export const settledBefore = ({ settings }: Pick<SessionContext, 'settings'>, now: number): number =>
  now - settings.grace - CLOCK_SKEW

/**
 * The time before which a last refresh left no access token that could still be exchanged.
 *
 * @param now milliseconds since the epoch
 */
export function idleCutoff({ settings }: Pick<SessionContext, 'settings'>, now: number): number {
  return now - settings.accessTokenTtl - settings.exchangeWindow - settings.grace
}
