import assert from 'node:assert/strict'
import type { Expected } from '../../../src/tokens/jwt.ts'
import { verify } from '../../../src/tokens/jwt.ts'
import { createTokenKeys } from '../../../src/tokens/keys.ts'
import { NOW } from '../forge.ts'
import type { Rules } from './reference.ts'
import { verifyWithJose } from './reference.ts'
import { AUDIENCE, ISSUER, SECRETS, tokenMaker } from './tokens.ts'

const EXPECTED: readonly Expected[] = [
  { typ: 'at+jwt', requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid'] },
  { typ: 'rt+jwt', requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid', 'generation'] },
]
const [current = Buffer.of(), previous = Buffer.of()] = SECRETS
const RULES: readonly Rules[] = [
  { secrets: [current], issuer: undefined, audience: undefined, now: NOW },
  { secrets: [current, previous], issuer: ISSUER, audience: AUDIENCE, now: NOW },
]

export type Counts = Record<'valid' | 'expired' | 'invalid' | 'refused by us alone', number>

/** Verifies each token with jose and with our own code. @throws when they do not agree */
export async function compare(runs: number, seed: number): Promise<Counts> {
  const counts: Counts = { valid: 0, expired: 0, invalid: 0, 'refused by us alone': 0 }
  const next = tokenMaker(seed)
  for (let run = 0; run < runs; run++) {
    const rules = RULES[run % 2] as Rules
    const expected = EXPECTED[(run >> 1) % 2] as Expected
    const token = next()
    const ours = verify(tokensOf(rules), token, expected, NOW)
    const joses = await verifyWithJose(rules, token, expected)
    if (ours.outcome === 'invalid' && joses.outcome !== 'invalid') {
      assert.ok(isOddlySpelt(token), `run ${run} of seed ${seed}: only jose takes ${JSON.stringify(token)}`)
      counts['refused by us alone']++
    } else {
      assert.deepEqual(ours, joses, `run ${run} of seed ${seed}: ${JSON.stringify(token)}`)
      counts[ours.outcome]++
    }
  }
  return counts
}

const tokensOf = ({ secrets: [key = Buffer.of(), ...others], issuer, audience }: Rules) =>
  createTokenKeys({ current: key, previous: others, issuer, audience })

/** What we refuse on purpose: other spellings in base64url or JSON, and headers with more members. */
function isOddlySpelt(token: string): boolean {
  const parts = token.split('.')
  const [header = '', payload = ''] = parts.map((part) => Buffer.from(part, 'base64url').toString())
  return (
    /"(?!alg"|typ")\w+":/.test(header) ||
    [header, payload].some((text) => isSpeltOtherwise(text)) ||
    parts.some(
      (part) => !/^[\w-]+$/.test(part) || Buffer.from(part, 'base64url').toString('base64url') !== part,
    )
  )
}

// White space outside of texts, a byte order mark, or a duplicate member.
function isSpeltOtherwise(text: string): boolean {
  const names = [...text.matchAll(/"(\w+)":/g)].map(([, name]) => name)
  return /^[\ufeff\s]|\s$/.test(text) || new Set(names).size < names.length
}
