import type { Generated, Kysely } from 'kysely'
import { PostgresAdapter } from 'kysely'

/** All times are integer epoch milliseconds; a nullable time says whether and when at once. */
export interface Schema {
  users: {
    id: string
    /** As given */
    username: string
    /** What usernames are compared by: NFKC and case folding */
    username_key: string
    /** PHC string */
    password_hash: string
    created_at: number
    last_login_at: number | null
    deactivated_at: number | null
  }
  sessions: {
    id: string
    user_id: string
    /** How often the refresh token was rotated; the one with this number is current */
    generation: number
    created_at: number
    /** When the current generation began */
    rotated_at: number
    /** Last rotation or exchange */
    refreshed_at: number
    refresh_count: number
    /** Idle deadline, moved by each rotation, and `exp` of the current refresh token */
    expires_at: number
    /** Absolute deadline, never moved */
    absolute_expires_at: number
    revoked_at: number | null
    revoked_reason: string | null
    user_agent: string | null
    address: string | null
    /** When pruning has to look at it next, which no rotation moves: not after the time when it may go */
    prune_at: Generated<number>
  }
  /** Access tokens that are dead before their time, because they were exchanged */
  revoked_tokens: {
    jti: string
    /** Which may be gone: the row goes at its own time. */
    session_id: string
    revoked_at: number
    /** `exp` of the successor that the exchange gave out */
    successor_expires_at: number
    /** When the row may go: `exp` of the token and the exchange window after it */
    expires_at: number
  }
  /** Counters of limits */
  rate_limits: {
    /** The limit's name, and whom it counts: no name of an account in the clear */
    key: string
    points: number
    /** When it begins anew, and the row may go */
    expires_at: number
  }
  /** Security events. They refer to nothing: they outlive their users and sessions. */
  events: {
    /** In the order of writing; of those that are written at once, a lower one may be seen later */
    position: Generated<number>
    id: string
    occurred_at: number
    name: string
    user_id: string | null
    session_id: string | null
    reason: string | null
    kind: string | null
    address: string | null
    user_agent: string | null
    request_id: string | null
    /** When the webhook may be sent it next; null once it was, or when it was given up */
    deliver_at: Generated<number | null>
    /** How often that was begun */
    attempts: Generated<number>
    /** How often the receiver refused this one, and took others */
    refusals: Generated<number>
  }
}

export type Database = Kysely<Schema>

export const isPostgres = (db: Pick<Database, 'getExecutor'>) =>
  db.getExecutor().adapter instanceof PostgresAdapter
