/** A verifier that follows a service of a test. */
import type { TestContext } from 'node:test'
import type { RevocationOptions, Verifier, VerifierOptions } from '../../src/verify/index.ts'
import { createVerifier } from '../../src/verify/index.ts'
import { REVOCATIONS_TOKEN, SECRET } from '../support/service.ts'

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

/** Verifies again and again. @returns the milliseconds until the token was refused */
export async function timeUntilRefused(verifier: Verifier, token: string, since: number): Promise<number> {
  for (;;) {
    const outcome = await outcomeOf(verifier, token)
    if (outcome === 'ended') return performance.now() - since
    if (performance.now() - since > 5000) throw new Error(`still ${outcome}`)
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}
