/** A verifier that follows a service of a test. */
import type { TestContext } from 'node:test'
import type { RevocationOptions, Verifier, VerifierOptions } from '../../src/verify/index.ts'
import { createVerifier } from '../../src/verify/index.ts'
import { REVOCATIONS_TOKEN, SECRET } from '../support/service.ts'
import { until } from '../support/until.ts'

type Options = Omit<Partial<VerifierOptions>, 'revocations'> & {
  readonly revocations?: Partial<RevocationOptions>
}

/** Closed after the test, if nobody closes it before. */
export function startVerifier(t: Pick<TestContext, 'after'>, url: string, options: Options = {}): Verifier {
  const verifier = createVerifier({
    keys: { secret: SECRET.toString() },
    ...options,
    revocations: { url: `${url}/revocations`, token: REVOCATIONS_TOKEN, ...options.revocations },
  } as VerifierOptions)
  t.after(() => verifier.close())
  return verifier
}

/** @returns `accepted`, or the reason of the refusal */
export const outcomeOf = (verifier: Verifier, token: string): Promise<string> =>
  verifier.verify(token).then(
    () => 'accepted',
    (error: { readonly reason?: string }) => error.reason ?? Promise.reject(error),
  )

// Milliseconds. A follower that is not told at once hears of it after 10 s, when its request is over.
const SOON = 8000

/** Verifies again and again until the token is refused. `npm run bench:verify` measures how soon that is. */
export async function refusedSoon(verifier: Verifier, token: string): Promise<void> {
  const isEnded = async () => (await outcomeOf(verifier, token)) === 'ended'
  await until(isEnded, 'the token is refused', { every: 1, within: SOON })
}
