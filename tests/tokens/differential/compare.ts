import assert from 'node:assert/strict'
import type { Expected } from '../../../src/tokens/jwt.ts'
import { verify } from '../../../src/tokens/jwt.ts'
import { createTokenKeys } from '../../../src/tokens/keys.ts'
import { NOW } from '../forge.ts'
import { KEY_PAIRS, ringOf } from '../key-pairs.ts'
import type { Rules } from './reference.ts'
import { verifyWithJose, verifyWithKeySet } from './reference.ts'
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
  const nextOfPair = tokenMaker(seed, KEY_PAIRS)
  for (let run = 0; run < runs; run++) {
    const rules = RULES[run % 2] as Rules
    const expected = EXPECTED[(run >> 1) % 2] as Expected
    // Every fourth token of an access token is signed by a key pair, and verified with the key set.
    const isOfPair = run % 4 === 0
    const token = isOfPair ? nextOfPair() : next()
    const keys = isOfPair
      ? createTokenKeys({ ...optionsOf(rules), access: ringOf(ANY_PAIR) })
      : tokensOf(rules)
    const ours = verify(keys, token, expected, NOW)
    const joses = await (isOfPair ? verifyWithKeySet : verifyWithJose)(rules, token, expected)
    if (ours.outcome === 'invalid' && joses.outcome !== 'invalid') {
      assert.ok(
        isOddlySpelt(token, isOfPair),
        `run ${run} of seed ${seed}: only jose takes ${JSON.stringify(token)}`,
      )
      counts['refused by us alone']++
    } else {
      assert.deepEqual(ours, joses, `run ${run} of seed ${seed}: ${JSON.stringify(token)}`)
      counts[ours.outcome]++
    }
  }
  return counts
}

const [ANY_PAIR = 'secret' as const] = KEY_PAIRS

const optionsOf = ({ secrets: [current = Buffer.of(), ...previous], issuer, audience }: Rules) => ({
  ...{ current, previous, issuer, audience },
})

const tokensOf = (rules: Rules) => createTokenKeys(optionsOf(rules))

/** What we refuse on purpose: other spellings in base64url or JSON, and headers with more members. */
function isOddlySpelt(token: string, isOfPair: boolean): boolean {
  const parts = token.split('.')
  const [header = '', payload = ''] = parts.map((part) => Buffer.from(part, 'base64url').toString())
  return (
    /"(?!alg"|typ"|kid")\w+":/.test(header) ||
    // jose takes the only key of an algorithm if the token names none. With a secret, we take no name at all.
    /"kid":/.test(header) !== isOfPair ||
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
