/** The result of jose for a token: the reference for our own verification. */
import { errors, jwtVerify } from 'jose'
import type { Expected, Verification } from '../../../src/tokens/jwt.ts'

export interface Rules {
  readonly secrets: readonly Uint8Array[]
  readonly issuer: string | undefined
  readonly audience: string | undefined
  /** Milliseconds since the epoch */
  readonly now: number
}

const INVALID = { outcome: 'invalid' } as const

export async function verifyWithJose(
  { secrets, issuer, audience, now }: Rules,
  token: string,
  expected: Expected,
): Promise<Verification> {
  for (const secret of secrets) {
    try {
      const { payload } = await jwtVerify(token, secret, {
        typ: expected.typ,
        requiredClaims: [...expected.requiredClaims],
        algorithms: ['HS256'],
        currentDate: new Date(now),
        ...(issuer !== undefined && { issuer }),
        ...(audience !== undefined && { audience }),
      })
      return { outcome: 'valid', payload }
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed) continue
      if (error instanceof errors.JWTExpired) return { outcome: 'expired', payload: error.payload }
      if (error instanceof errors.JOSEError) return INVALID
      throw error
    }
  }
  return INVALID
}
