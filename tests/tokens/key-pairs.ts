/** Key pairs of all public algorithms, and a ring in which each of them is in force. */
import { generateKeyPairSync } from 'node:crypto'
import type { PublicAlgorithm, TokenKey } from '../../src/tokens/algorithms.ts'
import type { AccessKeys, Signer } from '../../src/tokens/keys.ts'

export type KeyPair = Exclude<Signer, 'secret'>

const MAKE = {
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }),
  EdDSA: () => generateKeyPairSync('ed25519'),
} as const

export const keyPairOf = (algorithm: PublicAlgorithm, kid = `the ${algorithm} key`): KeyPair => ({
  kid,
  algorithm,
  ...MAKE[algorithm](),
})

export const KEY_PAIRS: readonly KeyPair[] = [keyPairOf('ES256'), keyPairOf('RS256'), keyPairOf('EdDSA')]

/** @param isOverlap whether HS256 is accepted as well, as after a switch from it */
export function ringOf(signer: Signer, isOverlap = false, keys: readonly TokenKey[] = KEY_PAIRS): AccessKeys {
  return {
    signerAt: () => signer,
    verifierOf: (kid) => keys.find((key) => key.kid === kid),
    acceptsSecret: () => isOverlap,
  }
}
