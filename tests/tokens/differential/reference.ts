/** The result of jose for a token: the reference for our own verification. */
import { createLocalJWKSet, errors, jwtVerify } from 'jose'
import { PUBLIC_ALGORITHMS } from '../../../src/tokens/algorithms.ts'
import type { Expected, Verification } from '../../../src/tokens/jwt.ts'
import { KEY_PAIRS } from '../key-pairs.ts'

export interface Rules {
  readonly secrets: readonly Uint8Array[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** Milliseconds since the epoch */
  readonly now: number
}

const INVALID = { outcome: 'invalid' } as const

export async function verifyWithJose(rules: Rules, token: string, expected: Expected): Promise<Verification> {
  for (const secret of rules.secrets) {
    const verification = await outcomeOf(
      jwtVerify(token, secret, { ...optionsOf(rules, expected), algorithms: ['HS256'] }),
    )
    if (verification !== 'another key') return verification
  }
  return INVALID
}

const KEY_SET = createLocalJWKSet({
  keys: KEY_PAIRS.map(({ kid, algorithm, publicKey }) => ({
    ...publicKey.export({ format: 'jwk' }),
    kty: String(publicKey.export({ format: 'jwk' }).kty),
    ...{ kid, alg: algorithm, use: 'sig' },
  })),
})

/** As an API does that has nothing but the key set */
export async function verifyWithKeySet(
  rules: Rules,
  token: string,
  expected: Expected,
): Promise<Verification> {
  const options = { ...optionsOf(rules, expected), algorithms: [...PUBLIC_ALGORITHMS] }
  const verification = await outcomeOf(jwtVerify(token, KEY_SET, options))
  return verification === 'another key' ? INVALID : verification
}

const optionsOf = ({ issuer, audience, now }: Rules, { typ, requiredClaims }: Expected) => ({
  typ,
  requiredClaims: [...requiredClaims],
  currentDate: new Date(now),
  ...(issuer !== undefined && { issuer }),
  ...(audience !== undefined && { audience }),
})

async function outcomeOf(verifying: ReturnType<typeof jwtVerify>): Promise<Verification | 'another key'> {
  try {
    return { outcome: 'valid', payload: (await verifying).payload }
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return 'another key'
    if (error instanceof errors.JWTExpired) return { outcome: 'expired', payload: error.payload }
    if (error instanceof errors.JOSEError) return INVALID
    throw error
  }
}
