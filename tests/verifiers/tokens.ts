/** Good tokens of a running service, and all that a verifier must refuse. */
import assert from 'node:assert/strict'
import { HOUR } from '../keys/service.ts'
import type { Cleanup } from '../support/cleanup.ts'
import type { Service, Tokens } from '../support/service.ts'
import { realClock } from '../support/service.ts'
import type { Verifier } from './page.ts'
import type { Algorithm } from './service.ts'
import { startIssuer } from './service.ts'

export interface Samples {
  readonly publicUrl: string
  /** The user of all good ones */
  readonly user: string
  readonly good: readonly string[]
  /** By what they are */
  readonly refused: Readonly<Record<string, string>>
}

async function tokensOf(service: Service): Promise<Tokens & { readonly id: string }> {
  const { id } = await service.register()
  return { id, ...(await service.login()) }
}

/** Tokens of a service that stays until the end of the test. */
export async function samplesOf(t: Cleanup, algorithm: Algorithm): Promise<Samples> {
  let behind = HOUR
  const clock = {
    get now() {
      return Date.now() - behind
    },
  }
  const { service, publicUrl } = await startIssuer(t, algorithm, clock)
  const { id, accessToken: expired } = await tokensOf(service)
  behind = 0
  const { accessToken, refreshToken } = await service.login()
  const { body } = await service.refresh(refreshToken)

  // It says of itself that it is the same.
  const secrets = { current: Buffer.from('another secret, of 32 bytes or more') }
  const other = await startIssuer(t, algorithm, realClock, { settings: { publicUrl }, secrets })
  const forged = await tokensOf(other.service)
  const [head, ...rest] = accessToken.split('.')
  const [forgedHead = '', , forgedSignature] = forged.accessToken.split('.')
  return {
    publicUrl,
    user: id,
    good: [accessToken, body.data.access_token],
    refused: {
      'a refresh token': refreshToken,
      'the next refresh token': body.data.refresh_token,
      'a token of an unknown key': forged.accessToken,
      'a refresh token of an unknown key': forged.refreshToken,
      'the signature of another key': [head, rest[0], forgedSignature].join('.'),
      // With HS256 there are no names.
      ...(forgedHead !== head && { 'the name of another key': [forgedHead, ...rest].join('.') }),
      'an expired token': expired,
      nonsense: 'nonsense',
    },
  }
}

export async function checkVerifier(
  name: string,
  verify: Verifier,
  { good, refused, user }: Samples,
): Promise<void> {
  for (const token of good) assert.equal(await verify(token), user, name)
  for (const [what, token] of Object.entries(refused))
    assert.equal(await verify(token), undefined, `${name} accepts ${what}`)
  for (const token of good) assert.equal(await verify(token), user, name)
}
