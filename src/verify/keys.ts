import type { CryptoKey, JWTVerifyGetKey } from 'jose'
import { createRemoteJWKSet } from 'jose'

/** The keys of access tokens */
export type Keys =
  | {
      /** `JWT_SECRET_KEY` of the service. During its change, both: the new one and the old one */
      readonly secret: string | readonly string[]
    }
  | {
      /** The address of the service's public keys */
      readonly jwksUri: string
      /** By default those that the service can sign with: `ES256`, `RS256` and `EdDSA` (or `Ed25519`) */
      readonly algorithms?: readonly string[]
    }

/** Ready for jose */
export interface ImportedKeys {
  readonly algorithms: string[]
  /** They are tried one after the other. */
  readonly keys: Promise<readonly (CryptoKey | JWTVerifyGetKey)[]>
}

export function importKeys(keys: Keys): ImportedKeys {
  if ('secret' in keys) {
    const secrets = [keys.secret].flat()
    // RFC 7518 §3.2: "A key of the same size as the hash output … or larger MUST be used"
    if (secrets.length === 0 || secrets.some((secret) => new TextEncoder().encode(secret).length < 32))
      throw new TypeError('keys.secret must have at least 32 bytes, as JWT_SECRET_KEY has')
    return { algorithms: ['HS256'], keys: Promise.all(secrets.map(importSecret)) }
  }
  const algorithms = [...(keys.algorithms ?? ['ES256', 'RS256', 'EdDSA', 'Ed25519'])]
  // RFC 8725 §3.1: with a public key, an HMAC would be anybody's to make.
  if (algorithms.some((name) => name.startsWith('HS') || name === 'none'))
    throw new TypeError('keys.algorithms must be those of public keys')
  // As its `Cache-Control` says. A key that was revoked is accepted until the set is fetched again. For an unknown key it is
  // fetched every two seconds at most: usually a next key is known before it signs, but not if all keys are revoked at once.
  const set = createRemoteJWKSet(new URL(keys.jwksUri), { cacheMaxAge: 300_000, cooldownDuration: 2000 })
  return { algorithms, keys: Promise.resolve([set]) }
}

const importSecret = (secret: string) =>
  crypto.subtle.importKey('raw', new TextEncoder().encode(secret), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ])
