/** The code of `docs/access-tokens.md` for Node. programs.build.ts has other languages and servers. */
import { before, test } from 'node:test'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import { SECRET } from '../support/service.ts'
import { EXAMPLES } from './examples.ts'
import { codeFor, loadVerifier } from './page.ts'
import { trustFront } from './service.ts'
import { checkVerifier, samplesOf } from './tokens.ts'

before(() => {
  trustFront()
  process.env['JWT_SECRET_KEY'] = SECRET.toString()
})

for (const algorithm of [...PUBLIC_ALGORITHMS, 'HS256'] as const) {
  test(`${algorithm}: good tokens, and no others`, async (t) => {
    const samples = await samplesOf(t, algorithm)
    for (const { name, code } of EXAMPLES.filter((one) => one.algorithms.includes(algorithm)))
      await checkVerifier(name, await loadVerifier(t, codeFor(code, samples.publicUrl, algorithm)), samples)
  })
}
