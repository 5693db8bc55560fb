/** What it costs to verify an access token with a key that is known, and how much of that is the signature. */
import type { KeyObject } from 'node:crypto'
import { createHmac, createSecretKey, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { signAccessToken, verifyAccessToken } from '../../../src/tokens/access-token.ts'
import type { PublicAlgorithm, TokenKey } from '../../../src/tokens/algorithms.ts'
import type { AccessKeys, TokenKeys } from '../../../src/tokens/keys.ts'
import { createTokenKeys } from '../../../src/tokens/keys.ts'
import { median } from './rounds.ts'

export interface Verification {
  readonly algorithm: PublicAlgorithm | 'HS256'
  /** Microseconds for each token */
  readonly token: number
  /** Microseconds that node:crypto takes for its signature alone */
  readonly primitive: number
}

const TOKENS = 10_000
const ROUNDS = 5
const NOW = Date.now()

/** @param tokens that are verified in each round */
export function verifications(tokens = TOKENS): Verification[] {
  return (['HS256', 'ES256', 'EdDSA', 'RS256'] as const).map((algorithm) => measured(algorithm, tokens))
}

/** The token and the primitive in turns: a machine that others use is faster now and slower then. */
function measured(algorithm: Verification['algorithm'], count: number): Verification {
  const { keys, check } = algorithm === 'HS256' ? bySecret() : byKey(algorithm)
  const tokens = Array.from({ length: count }, (_, index) => signAccessToken(keys, tokenOf(index)))
  const signed = tokens.map((token) => {
    const end = token.lastIndexOf('.')
    return {
      input: Buffer.from(token.slice(0, end)),
      signature: Buffer.from(token.slice(end + 1), 'base64url'),
    }
  })
  const isValid = (token: string) => verifyAccessToken(keys, token, NOW).outcome === 'valid'
  const rounds = Array.from({ length: ROUNDS + 1 }, () => ({
    token: microseconds(tokens, isValid),
    primitive: microseconds(signed, ({ input, signature }) => check(input, signature)),
  })).slice(1)
  const of = (figure: 'token' | 'primitive') => median(rounds.map((round) => round[figure])) ?? Number.NaN
  return { algorithm, token: of('token'), primitive: of('primitive') }
}

function microseconds<T>(all: readonly T[], isGood: (one: T) => boolean): number {
  const begun = performance.now()
  for (const one of all) if (!isGood(one)) throw new Error('a good token was refused')
  return ((performance.now() - begun) * 1000) / all.length
}

const tokenOf = (index: number) => ({
  ...{ id: `token-${index}`, userId: 'a user', sessionId: 'a session', generation: 1 },
  ...{ issuedAt: NOW, expiresAt: NOW + 3_600_000 },
})

interface Checked {
  readonly keys: TokenKeys
  readonly check: (input: Buffer, signature: Buffer) => boolean
}

const keysWith = (current: Buffer, access?: AccessKeys) =>
  createTokenKeys({
    current,
    previous: [],
    issuer: undefined,
    audience: undefined,
    ...(access && { access }),
  })

function bySecret(): Checked {
  const secret = randomBytes(32)
  const key = createSecretKey(secret)
  return {
    keys: keysWith(secret),
    check: (input, signature) => createHmac('sha256', key).update(input).digest().equals(signature),
  }
}

function pairOf(algorithm: PublicAlgorithm): {
  readonly publicKey: KeyObject
  readonly privateKey: KeyObject
} {
  if (algorithm === 'ES256') return generateKeyPairSync('ec', { namedCurve: 'P-256' })
  if (algorithm === 'EdDSA') return generateKeyPairSync('ed25519')
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function byKey(algorithm: PublicAlgorithm): Checked {
  const pair = pairOf(algorithm)
  const known: TokenKey & { readonly privateKey: KeyObject } = { kid: 'known', algorithm, ...pair }
  const access: AccessKeys = {
    signerAt: () => known,
    verifierOf: (kid) => (kid === known.kid ? known : undefined),
    acceptsSecret: () => false,
  }
  const digest = algorithm === 'EdDSA' ? null : 'sha256'
  const key = { key: pair.publicKey, dsaEncoding: 'ieee-p1363' } as const
  return {
    keys: keysWith(randomBytes(32), access),
    check: (input, signature) => verify(digest, input, key, signature),
  }
}
