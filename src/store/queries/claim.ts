/** An access token that is to be exchanged. Times in milliseconds since the epoch. */
export interface Claim {
  readonly jti: string
  readonly sessionId: string
  readonly userId: string
  readonly now: number
  /** When the row may be pruned */
  readonly expiresAt: number
  /** Capped by the session's absolute deadline */
  readonly successorExpiresAt: number
}

export interface RevokedToken {
  readonly revokedAt: number
  readonly successorExpiresAt: number
}

export interface ClaimedToken extends RevokedToken {
  /** Of its session */
  readonly id: string
}
