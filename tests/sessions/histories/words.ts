/** What the model speaks of. Times in milliseconds, but in tokens. */
export interface Rules {
  readonly accessTokenTtl: number
  readonly refreshTokenTtl: number
  readonly sessionMaxAge: number
  readonly rotation: boolean
  readonly grace: number
  readonly exchangeWindow: number
}

export interface User {
  readonly id: string
  readonly name: string
  password: string
  /** How often: who checked the password before does not know the next one */
  passwordChanges: number
  state: 'active' | 'inactive' | 'deleted'
}

export interface Session {
  /** Known once the service has answered */
  id: string
  readonly user: User
  readonly createdAt: number
  readonly absoluteExpiresAt: number
  generation: number
  rotatedAt: number
  refreshedAt: number
  refreshCount: number
  expiresAt: number
  revoked: { readonly at: number; readonly reason: string } | undefined
  /** When pruning looks at it next */
  pruneAt: number
  pruned: boolean
  current: RefreshToken | undefined
}

export interface Token {
  text: string
  readonly session: Session
  /** Seconds, as the token carries them */
  readonly iat: number
  readonly exp: number
}

export interface RefreshToken extends Token {
  readonly generation: number
}

export interface AccessToken extends Token {
  exchanged: { readonly at: number; readonly successor: AccessToken } | undefined
}

/** What has to come back: an error's message, or tokens. */
export interface Answer {
  /** The line of the rules that was reached */
  readonly why: string
  readonly status: number
  readonly message?: string
  readonly access?: AccessToken
  readonly refresh?: RefreshToken
  readonly sessionsEnded?: number
  readonly sessions?: readonly Session[]
}

/** A request, step by step: others may come in between */
export type Steps = Generator<undefined, Answer>

/** All that was ever given out, and for which token of the model */
export type Texts = Map<string, RefreshToken | AccessToken>
