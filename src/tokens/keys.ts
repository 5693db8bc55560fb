import type { Tokens } from './jwt.ts'

/** Secrets are raw HS256 keys: the bytes that PyJWT, jsonwebtoken and others take as the shared secret. */
export interface TokenOptions {
  readonly current: Uint8Array
  readonly previous: readonly Uint8Array[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
}

export async function createTokens(options: TokenOptions): Promise<Tokens> {
  const keys = await Promise.all(
    [options.current, ...options.previous].map((secret) =>
      crypto.subtle.importKey('raw', Uint8Array.from(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
        'sign',
        'verify',
      ]),
    ),
  )
  const [key] = keys
  if (key === undefined) throw new TypeError('a current secret is required')
  return { key, keys, issuer: options.issuer, audience: options.audience }
}
