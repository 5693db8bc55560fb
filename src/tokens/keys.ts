import type { KeyObject } from 'node:crypto'
import { createSecretKey } from 'node:crypto'
import type { TokenKey } from './algorithms.ts'

/** Secrets are raw HS256 keys: the bytes that PyJWT, jsonwebtoken and other libraries use as the shared secret. */
export interface TokenSecrets {
  readonly current: Uint8Array
  readonly previous: readonly Uint8Array[]
}

export interface TokenOptions extends TokenSecrets {
  /** Of refresh tokens only. Without it, both kinds of tokens have the same secret. */
  readonly refresh?: TokenSecrets | undefined
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** The claim `client_id` of access tokens (RFC 9068 §2.2) */
  readonly clientId?: string | undefined
  /** Whether a token without `iss` is accepted although there is an issuer */
  readonly mayLackIssuer?: boolean
  /** By default access tokens are signed with the secret. */
  readonly access?: AccessKeys
}

/** HMAC keys for HS256 */
export interface SecretKeys {
  /** Signs and verifies */
  readonly current: KeyObject
  /** The current key and the previous ones */
  readonly verifying: readonly KeyObject[]
}

/** Which keys sign and verify access tokens at a time. */
export interface AccessKeys {
  /** @param time milliseconds since the epoch */
  readonly signerAt: (time: number) => Signer
  /** @returns the public key of that name, unless its time is over. Nothing is fetched. */
  readonly verifierOf: (kid: string, now: number) => TokenKey | undefined
  /** Whether HS256 with the secret is accepted */
  readonly acceptsSecret: (now: number) => boolean
}

/** What an access token is signed with: a key pair, or the secret (HS256) */
export type Signer = 'secret' | (TokenKey & { readonly privateKey: KeyObject })

/** The keys and claims to sign and verify tokens with. */
export interface TokenKeys {
  /** Access tokens by HS256 */
  readonly secret: SecretKeys
  /** Refresh tokens, always by HS256: their successor is a pure function of the session's row */
  readonly refresh: SecretKeys
  readonly access: AccessKeys
  readonly issuer: string | undefined
  readonly audience: string | undefined
  readonly clientId: string | undefined
  readonly mayLackIssuer: boolean
}

const SECRET_ONLY: AccessKeys = {
  signerAt: () => 'secret',
  verifierOf: () => undefined,
  acceptsSecret: () => true,
}

export function createTokenKeys(options: TokenOptions): TokenKeys {
  const { issuer, audience, clientId, mayLackIssuer = false, access = SECRET_ONLY } = options
  const secret = secretKeys(options)
  const refresh = options.refresh === undefined ? secret : secretKeys(options.refresh)
  return { secret, refresh, access, issuer, audience, clientId, mayLackIssuer }
}

function secretKeys({ current, previous }: TokenSecrets): SecretKeys {
  const key = createSecretKey(current)
  return { current: key, verifying: [key, ...previous.map((secret) => createSecretKey(secret))] }
}
