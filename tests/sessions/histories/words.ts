/** The terms of the model. Times are in milliseconds, except in tokens. */
export interface Rules {
  readonly accessTokenTtl: number
  readonly refreshTokenTtl: number
  readonly sessionMaxAge: number
  readonly rotation: boolean
  readonly grace: number
  readonly lateRetry: number
  readonly sharedTokens: 'end' | 'report'
  readonly exchangeWindow: number
  readonly exchangeSessions: 'all' | 'unrotated'
}

export interface User {
  readonly id: string
  readonly name: string
  password: string
  /** The number of changes: a password that was checked before the last change does not count */
  passwordChanges: number
  /** The last change, until it is pruned */
  replaced: { readonly password: string; readonly at: number; readonly by: Session } | undefined
  state: 'active' | 'inactive' | 'deleted'
}

export interface Session {
  /** Known after the response of the service */
  id: string
  readonly user: User
  readonly createdAt: number
  readonly absoluteExpiresAt: number
  generation: number
  /** Tokens of an earlier generation are from before a password change */
  startGeneration: number
  rotatedAt: number
  refreshedAt: number
  refreshCount: number
  expiresAt: number
  revoked: { readonly at: number; readonly reason: string } | undefined
  /** The time at which pruning looks at it next */
  pruneAt: number
  pruned: boolean
  /** How the current generation began, if a rotation began it */
  lineage: Lineage | undefined
}

export interface Lineage {
  /** The generation that was presented: not always the one before */
  readonly predecessor: number
  /** Whose copy was presented. Undefined: a token without copies */
  readonly copy: Caller | undefined
  /** Who presented it */
  readonly by: Caller
  /** Whether the current token was presented while rotation was off */
  isPresented: boolean
}

/** By user agent: the one of the client, or another one */
export const CALLERS = ['one', 'two'] as const
export type Caller = (typeof CALLERS)[number]

export interface Token {
  text: string
  readonly session: Session
  readonly generation: number
  /** Seconds, as in the token */
  readonly iat: number
  readonly exp: number
}

export interface RefreshToken extends Token {
  readonly kind: 'refresh'
  /** Whose copy it is. Undefined: there are no copies */
  readonly copyOf: Caller | undefined
}

export interface AccessToken extends Token {
  readonly kind: 'access'
  exchanged: { readonly at: number; readonly successor: AccessToken } | undefined
  /** Until it is issued again, with another key */
  isOfRevokedKey: boolean
}

/** The expected response: an error's message, or tokens. */
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

/** A request, step by step: other requests may run between the steps */
export type Steps = Generator<undefined, Answer>

/** Everything that was ever issued, with the token of the model that it belongs to */
export type Texts = Map<string, RefreshToken | AccessToken>
