import type { Generated, Kysely } from 'kysely'
import { PostgresAdapter } from 'kysely'

/** All times are integers in milliseconds since the epoch. A nullable time tells both whether and when. */
export interface Schema {
  users: {
    id: string
    /** As the user wrote it */
    username: string
    /** For comparison: folded by `foldCase` */
    username_key: string
    /** Our own is a PHC string of Argon2id. Those of other systems are as they were, except Argon2: see `src/users/hashes/`. */
    password_hash: string
    /** With a hash of another system: its kind, and its work in the unit of that kind */
    foreign_family: Generated<string | null>
    foreign_cost: Generated<number | null>
    /** The hash before the last change, so that the same change can be repeated. Pruned after the grace window. */
    replaced_hash: string | null
    replaced_at: number | null
    /** The session that changed the password */
    replaced_by: string | null
    created_at: number
    last_login_at: number | null
    deactivated_at: number | null
    /** Increases when very many sessions of the user end at once. New sessions get this number. */
    session_epoch: Generated<number>
    /** Set until the rows of such an ending are done. Meanwhile, sessions of an earlier epoch are over without their row. */
    ending_at: number | null
    ending_reason: string | null
    /** When all sessions of the user, or all but one, last ended. Tokens of another system from before are not adopted. */
    sessions_ended_at: number | null
    /** JSON: see `docs/adr/0064-claims.md`. Null: none */
    claims: string | null
  }
  sessions: {
    id: string
    user_id: string
    /** The number of rotations. The refresh token with this generation is the current one. */
    generation: number
    /** Tokens of an earlier generation are from before the last password change made in this session. */
    start_generation: Generated<number>
    created_at: number
    /** When the current generation began */
    rotated_at: number
    /** The last rotation or exchange */
    refreshed_at: number
    refresh_count: number
    /** The idle deadline, moved by each rotation. It is `exp` of the current refresh token. */
    expires_at: number
    /** The absolute deadline, which never moves */
    absolute_expires_at: number
    revoked_at: number | null
    revoked_reason: string | null
    user_agent: string | null
    address: string | null
    /** When pruning checks the row next. Rotations do not move it, so it may be before the end of the session. */
    prune_at: Generated<number>
    /** The user's `session_epoch` when the session was opened */
    epoch: Generated<number>
    /** When the session was opened in cookie mode; null in header mode */
    cookie_at: number | null
    /** The digest of the request that opened the session: see `docs/adr/0035-repeats.md` */
    open_key: string | null
    /** What the last rotation was made with: see `src/sessions/lineage.ts` */
    lineage: string | null
    /** Where the last refresh came from. Null: from the address of the login. Empty: unknown */
    refreshed_address: string | null
    /** The User-Agent of the last refresh. Null: that of the login. Empty: unknown */
    refreshed_user_agent: string | null
    /** An earlier refresh, which a list for the user shows while the last one is recent: see `list-sessions.ts` */
    shown: string | null
    /** The thumbprint of the device's key that refreshes need a proof of: see `docs/adr/0059-dbsc.md` */
    device_key: string | null
    /** Since when they need it */
    bound_at: number | null
    /** The thumbprint (RFC 7638) of the key that each refresh needs a proof of. Null: none */
    jkt: string | null
    /** JSON, as those of the user. Null: none */
    claims: string | null
  }
  /** The last token of each user with which a new password can be set: see `docs/adr/0065-password-reset.md` */
  password_resets: {
    user_id: string
    /** SHA-256 */
    token_hash: string
    expires_at: number
    /** When it was used. The same request may be repeated in the grace window. */
    used_at: number | null
  }
  /** Access tokens that were exchanged and so ended before their expiry */
  revoked_tokens: {
    jti: string
    /** The session may already be deleted: the row is kept until its own expiry. */
    session_id: string
    revoked_at: number
    /** `exp` of the successor that the exchange gave out */
    successor_expires_at: number
    /** When the row may be deleted: `exp` of the token plus the exchange window */
    expires_at: number
  }
  /** Tokens of another system that were traded for a session. Each can be traded once: the row is the lock. */
  adopted_tokens: {
    /** Of what was signed: see `src/tokens/foreign.ts` */
    digest: string
    jti: string | null
    /** The session may already be deleted: the row is kept until the token is over. */
    session_id: string
    adopted_at: number
    /** `exp` of the access token that was given for an access token */
    successor_expires_at: number
    /** When the row may be deleted: `exp` of the token, plus the exchange window if it is an access token */
    expires_at: number
  }
  /** Tokens that the other system had revoked, as `rekindle adopt revoke` has read them */
  foreign_revocations: {
    jti: string
    revoked_at: number
    /** When the row may be deleted. Null: when the token ends is not known */
    expires_at: number | null
  }
  /** Counters of limits */
  rate_limits: {
    /** The limit's name and what it counts by. Usernames are hashed with a key: see `src/limits/names.ts`. */
    key: string
    points: number
    /** The user whose login the row remembers. Null for counters, which expire within a day. */
    user_id: Generated<string | null>
    /** When the count restarts and the row may be deleted */
    expires_at: number
  }
  /** Security events. They have no foreign keys, because they outlive their sessions, and `user.deleted` its user. */
  events: {
    /** Increases with each write. With concurrent writers, a lower position may become visible later. */
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
    /** When the next delivery to the webhook may start; null once it was delivered or given up */
    deliver_at: Generated<number | null>
    /** A number of `LANES` in event-names.ts */
    lane: Generated<number>
    /** The number of deliveries begun */
    attempts: Generated<number>
    /** The number of times that the receiver refused this event while it was available */
    refusals: Generated<number>
  }
  /** What access tokens are signed with, in the order of `signs_from`. Empty: always HS256 with the secret. */
  signing_keys: {
    /** The thumbprint of the key (RFC 7638), or a name for a period of HS256 */
    kid: string
    algorithm: string
    /** `made` by the service, `given` by JWT_SIGNING_KEY, or `secret` for a period of HS256 */
    source: string
    /** The last row before this one, so that processes that add one at once add only one. Null if it needs no such care. */
    follows: string | null
    /** The key as a JWE: a key pair that was made, the public half of one that was given. Null for HS256 and after a revocation. */
    jwk: string | null
    created_at: number
    /** Null: published, until somebody says when */
    signs_from: number | null
    revoked_at: number | null
  }
  /** What has ended while access tokens of it may still live: see `docs/adr/0061-the-feed.md` and queries/feed.ts. */
  feed: {
    id: Generated<number>
    /** Given after the commit, one process at a time: an entry never appears behind a position that was read. */
    position: Generated<number | null>
    ended_at: number
    /** The end of the grace window of an exchanged token. Only after it the entry gets a position. 0 for all else */
    held_until: Generated<number>
    /** With `through`: the session of the user that has not ended */
    session_id: string | null
    user_id: string | null
    jti: string | null
    /** Only tokens of an earlier generation of the session have ended, or with `user_id` of an earlier version of the claims. */
    generation: number | null
    /** Only sessions with this id or a lower one have ended, of the user or of everybody. */
    through: string | null
  }
  /** One row. Who gives positions locks it. */
  feed_head: {
    id: number
    /** The last position that was given */
    position: number
  }
}

export type Database = Kysely<Schema>

export const isPostgres = (db: Pick<Database, 'getExecutor'>) =>
  db.getExecutor().adapter instanceof PostgresAdapter
