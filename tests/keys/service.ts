/** A service that signs access tokens with a public algorithm, and verifiers that know nothing but its key set. */
import { generateKeyPairSync } from 'node:crypto'
import type { JSONWebKeySet } from 'jose'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import type { Secrets, Settings } from '../../src/config/settings.ts'
import type { GivenKey } from '../../src/config/signing-key.ts'
import type { PublicAlgorithm } from '../../src/tokens/algorithms.ts'
import { PUBLIC_ALGORITHMS } from '../../src/tokens/algorithms.ts'
import type { DialectContext } from '../support/database.ts'
import type { Clock, Service } from '../support/service.ts'
import { startService } from '../support/service.ts'

export const HOUR = 3_600_000

/** Beside a service on the same database and with the same clock, if one is given */
export function startSigning(
  t: Pick<DialectContext, 'after' | 'dialect'>,
  accessTokenAlgorithm: PublicAlgorithm | 'HS256',
  { settings, secrets, beside }: StartOptions = {},
): Promise<Service> {
  const clock: Clock | undefined = beside?.clock
  const overrides = { accessTokenAlgorithm, ...settings, ...(beside && { database: beside.database }) }
  return startService(t, overrides, clock, t.dialect, secrets)
}

export interface StartOptions {
  readonly settings?: Partial<Settings>
  readonly secrets?: Partial<Secrets>
  readonly beside?: Service
}

export async function keySetOf(service: Service): Promise<JSONWebKeySet> {
  return (await service.request('/.well-known/jwks.json')).body
}

export const kidsOf = async (service: Service): Promise<(string | undefined)[]> =>
  (await keySetOf(service)).keys.map(({ kid }) => kid)

/** The name of the key that signed a token; undefined for HS256 */
export const kidOf = (token: string): string | undefined => decodeProtectedHeader(token).kid

/** As an API does that has nothing but the key set. @throws unless the token is good */
export async function verifyAsApi(service: Service, token: string, keys?: JSONWebKeySet) {
  const set = createLocalJWKSet(keys ?? (await keySetOf(service)))
  const currentDate = new Date(service.clock.now)
  return jwtVerify(token, set, { typ: 'at+jwt', algorithms: [...PUBLIC_ALGORITHMS], currentDate })
}

/** A key pair as an operator makes it */
export function keyPair(algorithm: PublicAlgorithm): { readonly own: GivenKey; readonly half: GivenKey } {
  const { privateKey, publicKey } =
    algorithm === 'ES256'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ed25519')
  return { own: { algorithm, key: privateKey }, half: { algorithm, key: publicKey } }
}

/** Lets the clock run in steps, as the timers of all processes do meanwhile. */
export async function pass(time: number, services: readonly Service[], steps = 1): Promise<void> {
  for (let step = 0; step < steps; step++) {
    const [first] = services
    if (first !== undefined) first.clock.now += time / steps
    for (const { core } of services) await core.signingKeys.update()
  }
}
