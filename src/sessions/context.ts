import type { Database } from '../store/schema.ts'
import type { Tokens } from '../tokens/jwt.ts'

/** All durations in milliseconds. */
export interface SessionSettings {
  readonly accessTokenTtl: number
  /** Idle: counts from the last rotation */
  readonly refreshTokenTtl: number
  /** Absolute: counts from the login */
  readonly sessionMaxAge: number
  readonly rotation: boolean
  /** How long a superseded token may be repeated; 0: never */
  readonly grace: number
  /** How long after its expiry an access token can be exchanged; 0: never, not even before */
  readonly exchangeWindow: number
}

/** What the rules of sessions work with. */
export interface SessionContext {
  readonly db: Database
  readonly tokens: Tokens
  /** Milliseconds since the epoch */
  readonly now: () => number
  readonly settings: SessionSettings
}

/** Before it, a last refresh has left no access token that could still be exchanged. */
export function idleCutoff({ settings }: Pick<SessionContext, 'settings'>, now: number): number {
  return now - settings.accessTokenTtl - settings.exchangeWindow - settings.grace
}
