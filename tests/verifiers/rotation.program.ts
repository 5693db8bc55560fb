/** Verifiers with the caches that they have by default, while keys change ten times under load. */
import type { TestContext } from 'node:test'
import { before, test } from 'node:test'
import type { Clock } from '../support/service.ts'
import { MINUTE } from '../support/service.ts'
import { EXAMPLES } from './examples.ts'
import { ROTATIONS, rotateUnderLoad } from './load.ts'
import type { Verifier } from './page.ts'
import { codeFor, loadVerifier } from './page.ts'
import { startIssuer, trustFront } from './service.ts'

// Caches of five and of ten minutes run out at different times.
const STEP = 6 * MINUTE

before(trustFront)

/** Moves the clock of this process: of the service, and of the verifiers, whose caches go by one of these. */
function movableClock(t: TestContext): Clock {
  const now = Date.now()
  const elapsed = performance.now()
  t.mock.timers.enable({ apis: ['Date', 'setInterval'], now })
  t.mock.method(performance, 'now', () => elapsed + Date.now() - now)
  return {
    get now() {
      return Date.now()
    },
    set now(time) {
      t.mock.timers.tick(time - Date.now())
    },
  }
}

test(`${ROTATIONS} keys in turn: no good token is refused, and no refresh token accepted`, async (t) => {
  const clock = movableClock(t)
  const { service, publicUrl } = await startIssuer(t, 'ES256', clock)
  const { service: forger } = await startIssuer(t, 'ES256', clock, { settings: { publicUrl } })
  await forger.register()
  const verifiers = new Map<string, Verifier>()
  for (const { name, code, algorithms } of EXAMPLES)
    if (algorithms.includes('ES256')) verifiers.set(name, await loadVerifier(t, codeFor(code, publicUrl)))
  const forge = async () => (await forger.login()).accessToken
  t.diagnostic(await rotateUnderLoad({ service, clock, step: STEP, verifiers, forge }))
})
