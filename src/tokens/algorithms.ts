/**
 * Signatures with key pairs. They are made synchronously by node:crypto, because WebCrypto switches threads for each of
 * them: see `docs/adr/0052-public-keys.md`.
 */
import type { KeyObject } from 'node:crypto'
import { sign, verify } from 'node:crypto'

/** The algorithms whose signatures can be verified with a public key (RFC 7518 §3.1, RFC 8037 §3.1). */
export const PUBLIC_ALGORITHMS = ['ES256', 'RS256', 'EdDSA'] as const
export type PublicAlgorithm = (typeof PUBLIC_ALGORITHMS)[number]

/** A key pair, or the public half of it. `kid` is the thumbprint of RFC 7638. */
export interface TokenKey {
  readonly kid: string
  readonly algorithm: PublicAlgorithm
  readonly publicKey: KeyObject
  /** Undefined if only another process can sign with it */
  readonly privateKey: KeyObject | undefined
}

/** Whether a key is of the kind that an algorithm needs. RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used". */
export function fits(
  algorithm: PublicAlgorithm,
  { asymmetricKeyType, asymmetricKeyDetails }: KeyObject,
): boolean {
  switch (algorithm) {
    case 'ES256':
      return asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1'
    case 'RS256':
      return asymmetricKeyType === 'rsa' && Number(asymmetricKeyDetails?.modulusLength) >= 2048
    case 'EdDSA':
      return asymmetricKeyType === 'ed25519'
  }
}

// RFC 8032 §5.1: Ed25519 hashes by itself.
const digestOf = (algorithm: PublicAlgorithm) => (algorithm === 'EdDSA' ? null : 'sha256')

// RFC 7518 §3.4: the signature is R and S one after the other, and not their encoding in DER.
const dsaEncoding = 'ieee-p1363'

/** Signs a text. @returns the signature in base64url */
export function signWith(algorithm: PublicAlgorithm, key: KeyObject, input: string): string {
  return sign(digestOf(algorithm), Buffer.from(input), { key, dsaEncoding }).toString('base64url')
}

/** Checks a signature. Only its canonical base64url passes: no padding, white space or unused bits (RFC 7515 §2). */
export function isSignedBy({ algorithm, publicKey }: TokenKey, input: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url')
  if (bytes.toString('base64url') !== signature) return false
  return verify(digestOf(algorithm), Buffer.from(input), { key: publicKey, dsaEncoding }, bytes)
}
