import { hmacKey } from './hmac.ts'
import type { Tokens } from './jwt.ts'

/** Secrets are raw HS256 keys: the bytes that PyJWT, jsonwebtoken and others take as the shared secret. */
export interface TokenOptions {
  readonly current: Uint8Array
  readonly previous: readonly Uint8Array[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

export function createTokens({ current, previous, issuer, audience }: TokenOptions): Tokens {
  const key = hmacKey(current)
  return { key, keys: [key, ...previous.map(hmacKey)], issuer, audience }
}
