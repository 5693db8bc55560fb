/** What a verification costs beside jose's own, and what ended sessions take in memory. */
import { randomUUID } from 'node:crypto'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { jwtVerify, SignJWT } from 'jose'
import { createEndedTokens } from '../../../src/verify/ended-tokens.ts'
import { createVerifier } from '../../../src/verify/index.ts'
import { REVOCATIONS_TOKEN, STRONG_SECRET } from '../../support/values.ts'

const nowSeconds = () => Math.floor(Date.now() / 1000)

/** An entry as the service sends it */
const entry = () => JSON.parse(JSON.stringify({ sid: randomUUID(), exp: nowSeconds() + 1800 }))

/** An answer of the feed without the service */
const answerWith = (revocations: readonly object[]): typeof fetch => {
  const data = { revocations, cursor: '0', snapshot: true, more: false }
  return async () => Response.json({ status: 'success', code: 200, data })
}

/** @returns how many times as long a verification takes as one by jose, with 100,000 ended sessions in memory */
export async function verificationCost(rounds = 101, each = 200): Promise<number> {
  const bytes = new TextEncoder().encode(STRONG_SECRET)
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, [
    'verify',
  ])
  const token = await new SignJWT({ type: 'access', sid: randomUUID() })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(randomUUID())
    .setJti(randomUUID())
    .setIssuedAt()
    .setExpirationTime('30m')
    .sign(bytes)
  const verifier = createVerifier({
    keys: { secret: STRONG_SECRET },
    fetch: answerWith(Array.from({ length: 100_000 }, entry)),
    revocations: {
      url: 'http://localhost/revocations',
      token: REVOCATIONS_TOKEN,
      follow: 'on_demand',
      maxStale: 3_600_000,
    },
  })
  const options = {
    algorithms: ['HS256'],
    typ: 'at+jwt',
    requiredClaims: ['exp', 'iat', 'sub', 'jti', 'sid'],
    clockTolerance: 5,
  }
  const timed = async (verify: () => Promise<unknown>) => {
    const begun = process.cpuUsage()
    for (let count = 0; count < each; count++) await verify()
    const { user, system } = process.cpuUsage(begun)
    return user + system
  }
  const ours = () => verifier.verify(token)
  const theirs = () => jwtVerify(token, key, options)
  // Until V8 has compiled both
  for (let round = 0; round < 20; round++) {
    await timed(ours)
    await timed(theirs)
  }
  const ratios: number[] = []
  for (let round = 0; round < rounds; round++) {
    const [one, other] = [await timed(ours), await timed(theirs)]
    ratios.push(one / other)
  }
  verifier.close()
  return ratios.sort((one, two) => one - two)[Math.floor(rounds / 2)] ?? Number.NaN
}

/** @returns bytes in memory of so many ended sessions */
export function memoryOf(sessions = 100_000): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const used = () => {
    collect()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  const ended = createEndedTokens()
  const before = used()
  for (let page = 0; page < sessions / 5000; page++) ended.add(Array.from({ length: 5000 }, entry))
  const bytes = used() - before
  if (ended.size !== sessions) throw new Error(`${ended.size} entries`)
  return bytes
}
