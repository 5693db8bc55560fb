import type { operations } from '../../generated/types.ts'
import type { TokenKey } from '../tokens/algorithms.ts'

/** A public key as the key set has it */
export type JWK = operations['jwks']['responses'][200]['content']['application/json']['keys'][number]

/** Takes the public members alone. RFC 7517 §9.2: private ones must never be published. */
export function jwkOf({ kid, algorithm, publicKey }: TokenKey): JWK {
  const { kty, crv, x, y, n, e } = publicKey.export({ format: 'jwk' })
  const members = Object.entries({ crv, x, y, n, e }).filter(([, value]) => value !== undefined)
  return { kid, kty, alg: algorithm, use: 'sig', ...Object.fromEntries(members) } as JWK
}
