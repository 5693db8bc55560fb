import type { KeyObject } from 'node:crypto'
import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { PublicAlgorithm } from '../tokens/algorithms.ts'
import { fits, PUBLIC_ALGORITHMS } from '../tokens/algorithms.ts'
import type { Environment } from './environment.ts'

/** A key pair that the operator keeps, or its public half */
export interface GivenKey {
  readonly algorithm: PublicAlgorithm
  readonly key: KeyObject
}

/** JWT_SIGNING_KEY and JWT_SIGNING_KEY_NEXT. Undefined: the service makes its own keys. */
export interface GivenKeys {
  readonly current: GivenKey
  /** The public half of the key that will sign later */
  readonly next: GivenKey | undefined
}

type Read =
  | { readonly key: GivenKey; readonly mistake?: undefined }
  | { readonly mistake: string; readonly key?: undefined }

/** Reads the keys that the operator gave. Mistakes never contain a part of a key. */
export function readGivenKeys(env: Environment): { keys?: GivenKeys; mistakes: readonly string[] } {
  const [current, next] = [env['JWT_SIGNING_KEY'] || undefined, env['JWT_SIGNING_KEY_NEXT'] || undefined]
  if (current === undefined) {
    return { mistakes: next === undefined ? [] : ['JWT_SIGNING_KEY_NEXT needs JWT_SIGNING_KEY'] }
  }
  const read = readKey('JWT_SIGNING_KEY', current, 'private')
  const readNext = next === undefined ? undefined : readKey('JWT_SIGNING_KEY_NEXT', next, 'public')
  const mistakes = [read.mistake, readNext?.mistake].filter((mistake) => mistake !== undefined)
  const wanted = env['ACCESS_TOKEN_ALGORITHM']
  // With HS256 the key still signs until HS256 takes over: see docs/adr/0054-from-one-algorithm-to-another.md.
  if (read.key !== undefined && wanted !== 'HS256' && wanted !== read.key.algorithm)
    mistakes.push(
      `JWT_SIGNING_KEY is a key of ${read.key.algorithm}, so ACCESS_TOKEN_ALGORITHM must be ${read.key.algorithm}`,
    )
  if (read.key === undefined || mistakes.length > 0) return { mistakes }
  return { keys: Object.freeze({ current: read.key, next: readNext?.key }), mistakes }
}

function readKey(name: string, text: string, half: 'private' | 'public'): Read {
  const parsed = parseKey(text)
  if (typeof parsed === 'string') return { mistake: `${name} ${parsed}` }
  if (parsed.type !== half) {
    const why = half === 'private' ? 'nothing can be signed with it' : 'only its public half is published'
    return { mistake: `${name} is a ${parsed.type} key, and must be a ${half} one: ${why}` }
  }
  const algorithm = PUBLIC_ALGORITHMS.find((candidate) => fits(candidate, parsed))
  if (algorithm !== undefined) return { key: Object.freeze({ algorithm, key: parsed }) }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = parsed
  const found =
    type === 'rsa' ? `RSA with ${details?.modulusLength} bits` : `${type} ${details?.namedCurve ?? ''}`.trim()
  return { mistake: `${name} is ${found}: it must be EC P-256, RSA with at least 2048 bits, or Ed25519` }
}

const FORM = 'must be a key in PEM or a JWK'

/** @returns a private or public key, or the end of a sentence that says what is wrong */
function parseKey(text: string): KeyObject | string {
  if (text.trimStart().startsWith('{')) return parseJwk(text)
  // Files of variables often have line breaks written as \n.
  const pem = text.includes('\n') ? text : text.replaceAll('\\n', '\n')
  if (/-----BEGIN (ENCRYPTED |.*PRIVATE KEY-----\s+Proc-Type: 4,ENCRYPTED)/.test(pem))
    return 'is encrypted with a passphrase: give the decrypted key'
  try {
    return pem.includes('PRIVATE KEY-----') ? createPrivateKey(pem) : createPublicKey(pem)
  } catch {
    return FORM
  }
}

function parseJwk(text: string): KeyObject | string {
  try {
    const jwk = JSON.parse(text) as Record<string, unknown>
    if ('keys' in jwk) return 'is a set of keys: give one JWK of it'
    if (jwk['kty'] === 'oct') return 'is a symmetric key, which would have to be known to every verifier'
    return 'd' in jwk
      ? createPrivateKey({ key: jwk, format: 'jwk' })
      : createPublicKey({ key: jwk, format: 'jwk' })
  } catch {
    return FORM
  }
}
