/** Verifiers in other languages and servers: Debian's packages, which `.ci/run` installs. */
import { before, describe, test } from 'node:test'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import type { Clock } from '../support/service.ts'
import { MINUTE } from '../support/service.ts'
import { ROTATIONS, rotateUnderLoad } from './load.ts'
import type { Verifier } from './page.ts'
import { clockFile, PROGRAMS } from './programs.ts'
import { startIssuer, trustFront } from './service.ts'
import { checkVerifier, samplesOf } from './tokens.ts'

before(trustFront)

for (const { name, algorithms, isInstalled, start } of PROGRAMS) {
  const skip = !isInstalled && `NOT TESTED: ${name} is not installed`
  describe(name, { skip, timeout: 120_000 }, () => {
    before(() => {
      if (skip) console.error(skip)
    })
    for (const algorithm of PUBLIC_ALGORITHMS.filter((one) => algorithms.includes(one))) {
      test(`${algorithm}: good tokens, and no others`, async (t) => {
        const samples = await samplesOf(t, algorithm)
        const verify = await start(t, { publicUrl: samples.publicUrl, algorithm })
        await checkVerifier(name, verify, samples)
      })
    }
  })
}

test(`${ROTATIONS} keys in turn: no good token is refused, and no refresh token accepted`, {
  timeout: 300_000,
}, async (t) => {
  const file = clockFile(t)
  const installed = PROGRAMS.filter(({ isInstalled }) => isInstalled)
  if (file === undefined || installed.length === 0) return t.skip('NOT TESTED: needs faketime, and programs')
  let ahead = 0
  const clock: Clock = {
    get now() {
      return Date.now() + ahead
    },
    set now(time) {
      ahead = time - Date.now()
      file.move(ahead)
    },
  }
  const { service, publicUrl } = await startIssuer(t, 'ES256', clock)
  const { service: forger } = await startIssuer(t, 'ES256', clock, { settings: { publicUrl } })
  await forger.register()
  const verifiers = new Map<string, Verifier>()
  for (const { name, start } of installed)
    verifiers.set(name, await start(t, { publicUrl, algorithm: 'ES256', clock: file.file }))
  const forge = async () => (await forger.login()).accessToken
  t.diagnostic(await rotateUnderLoad({ service, clock, step: 15 * MINUTE, verifiers, forge }))
})
