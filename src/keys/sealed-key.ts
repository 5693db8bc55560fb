/** Keys as the database has them: JWKs, encrypted with a key that is derived from the service's own secret. */
import type { JsonWebKey } from 'node:crypto'
import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto'
import type { JWK } from 'jose'
import {
  CompactEncrypt,
  calculateJwkThumbprint,
  compactDecrypt,
  errors,
  exportJWK,
  generateKeyPair,
} from 'jose'
import type { GivenKey } from '../config/signing-key.ts'
import type { KeyRow } from '../store/queries/signing-keys.ts'
import type { PublicAlgorithm, TokenKey } from '../tokens/algorithms.ts'
import { fits } from '../tokens/algorithms.ts'

// RFC 5869 §3.2: `info` keeps keys for different purposes apart. The secret is random, so no salt is needed (§3.1).
const INFO = 'rekindle signing keys'

const encryptionKey = (secret: Uint8Array) => new Uint8Array(hkdfSync('sha256', secret, '', INFO, 32))

/** Encrypts and decrypts keys. */
export interface Sealer {
  readonly seal: (jwk: JWK) => Promise<string>
  /**
   * @returns the JWK, and whether it was encrypted with the current secret; undefined if no known secret decrypts it
   */
  readonly open: (jwe: string) => Promise<{ readonly jwk: JWK; readonly isCurrent: boolean } | undefined>
}

/** @param secrets the one to encrypt with, then others that decrypt as well */
export function createSealer(secrets: readonly Uint8Array[]): Sealer {
  const keys = secrets.map(encryptionKey)
  const [current] = keys
  if (current === undefined) throw new TypeError('no secret')
  return {
    seal: (jwk) =>
      new CompactEncrypt(Buffer.from(JSON.stringify(jwk)))
        .setProtectedHeader({ alg: 'dir', enc: 'A256GCM' })
        .encrypt(current),
    async open(jwe) {
      for (const key of keys) {
        const text = await decrypted(jwe, key)
        if (text !== undefined) return { jwk: JSON.parse(text) as JWK, isCurrent: key === current }
      }
      return undefined
    },
  }
}

async function decrypted(jwe: string, key: Uint8Array): Promise<string | undefined> {
  try {
    const options = { keyManagementAlgorithms: ['dir'], contentEncryptionAlgorithms: ['A256GCM'] }
    return Buffer.from((await compactDecrypt(jwe, key, options)).plaintext).toString()
  } catch (error) {
    if (error instanceof errors.JOSEError) return undefined
    throw error
  }
}

/** A new key pair as a JWK. */
export async function makeKey(
  algorithm: PublicAlgorithm,
): Promise<{ readonly kid: string; readonly jwk: JWK }> {
  // RFC 7518 §3.3: "A key of size 2048 bits or larger MUST be used" with RS256.
  const size = algorithm === 'RS256' ? { modulusLength: 2048 } : {}
  const { privateKey } = await generateKeyPair(algorithm, { extractable: true, ...size })
  const jwk = await exportJWK(privateKey)
  const kid = await calculateJwkThumbprint(jwk)
  // `rekindle keys revoke` would take it for an option.
  return kid.startsWith('-') ? makeKey(algorithm) : { kid, jwk: { ...jwk, alg: algorithm } }
}

/** The public half of a key that the operator gave, as a JWK. */
export async function publicHalf({
  algorithm,
  key,
}: GivenKey): Promise<{ readonly kid: string; readonly jwk: JWK }> {
  const jwk = await exportJWK(createPublicKeyOf(key))
  return { kid: await calculateJwkThumbprint(jwk), jwk: { ...jwk, alg: algorithm } }
}

const createPublicKeyOf = (key: GivenKey['key']) => (key.type === 'private' ? createPublicKey(key) : key)

/**
 * The key of a row. The row says nothing that the encrypted JWK does not say as well, so that somebody who can write to the
 * database, but does not know the secret, cannot add a key.
 *
 * @returns undefined when the JWK is not that of the row
 */
export async function keyOf({ kid, algorithm }: KeyRow, jwk: JWK): Promise<TokenKey | undefined> {
  if (algorithm === 'HS256' || jwk.alg !== algorithm) return undefined
  if ((await calculateJwkThumbprint(jwk)) !== kid) return undefined
  const input = { key: jwk as JsonWebKey, format: 'jwk' } as const
  const publicKey = createPublicKey(input)
  if (!fits(algorithm, publicKey)) return undefined
  return { kid, algorithm, publicKey, privateKey: jwk.d === undefined ? undefined : createPrivateKey(input) }
}
