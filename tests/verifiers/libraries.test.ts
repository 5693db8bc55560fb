/**
 * The code of `docs/access-tokens.md` for Node, with tokens of a running service. libraries.build.ts has that for other
 * languages and servers.
 */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import type { Service, Tokens } from '../support/service.ts'
import { MINUTE, realClock, SECRET } from '../support/service.ts'
import { EXAMPLES } from './examples.ts'
import { codeFor, loadVerifier } from './page.ts'
import { startIssuer, trustFront } from './service.ts'

before(() => {
  trustFront()
  process.env['JWT_SECRET_KEY'] = SECRET.toString()
})

async function tokensOf(service: Service): Promise<Tokens & { readonly id: string }> {
  const { id } = await service.register()
  return { id, ...(await service.login()) }
}

for (const algorithm of [...PUBLIC_ALGORITHMS, 'HS256'] as const) {
  test(`${algorithm}: good tokens, and no others`, async (t) => {
    let behind = 40 * MINUTE
    const clock = {
      get now() {
        return Date.now() - behind
      },
    }
    const { service, publicUrl } = await startIssuer(t, algorithm, clock)
    const expired = await tokensOf(service)
    behind = 0
    const { id } = expired
    const { accessToken, refreshToken } = await service.login()
    const { body } = await service.refresh(refreshToken)

    // Of the same user, as far as one can see, but with other keys
    const secrets = { current: Buffer.from('another secret, of 32 bytes or more') }
    const other = await startIssuer(t, algorithm, realClock, { settings: { publicUrl }, secrets })
    const forged = await tokensOf(other.service)
    const [head, payload] = accessToken.split('.')
    const [forgedHead] = forged.accessToken.split('.')
    const refused = {
      'a refresh token': refreshToken,
      'the next refresh token': body.data.refresh_token,
      'a token of an unknown key': forged.accessToken,
      'a refresh token of an unknown key': forged.refreshToken,
      'the signature of another key': [head, payload, forged.accessToken.split('.')[2]].join('.'),
      'the name of another key': [forgedHead, ...accessToken.split('.').slice(1)].join('.'),
      'an expired token': expired.accessToken,
      nonsense: 'nonsense',
    }
    if (algorithm === 'HS256') assert.equal(forgedHead, head)
    for (const { name, code } of EXAMPLES.filter((one) => one.algorithms.includes(algorithm))) {
      const verify = await loadVerifier(t, codeFor(code, publicUrl, algorithm))
      assert.equal(await verify(accessToken), id, name)
      assert.equal(await verify(body.data.access_token), id, name)
      for (const [what, token] of Object.entries(refused)) {
        if (algorithm === 'HS256' && what === 'the name of another key') continue
        assert.equal(await verify(token), undefined, `${name}: ${what}`)
      }
      assert.equal(await verify(accessToken), id, name)
    }
  })
}
