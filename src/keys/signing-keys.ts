import type { Secrets, Settings } from '../config/settings.ts'
import type { KeyChange, KeyRow } from '../store/queries/signing-keys.ts'
import { changeKeys, isWithoutUsers } from '../store/queries/signing-keys.ts'
import type { Database } from '../store/schema.ts'
import type { PublicAlgorithm } from '../tokens/algorithms.ts'
import { createKeyReader } from './key-reader.ts'
import type { KeyRing } from './key-ring.ts'
import { createKeyRing } from './key-ring.ts'
import { lifetimeOf } from './schedule.ts'
import type { Sealer } from './sealed-key.ts'
import { createSealer, makeKey, publicHalf } from './sealed-key.ts'
import type { NewKey, Wanted } from './startup.ts'
import { startChange } from './startup.ts'
import { upkeepChange } from './upkeep.ts'

/** A log for what happens to keys. A logger of pino fits. */
export interface KeyLog {
  info(details: object, message: string): void
  warn(details: object, message: string): void
  error(details: object, message: string): void
}

export interface SigningKeyOptions {
  readonly db: Database
  readonly settings: Pick<
    Settings,
    'accessTokenAlgorithm' | 'accessTokenTtl' | 'exchangeWindow' | 'signingKeyRotation'
  >
  readonly secrets: Pick<Secrets, 'current' | 'previous'> & Partial<Pick<Secrets, 'refresh' | 'signing'>>
  readonly now: () => number
  readonly log: KeyLog
}

/** The keys of access tokens, as the database had them when it was last read. */
export interface SigningKeys extends KeyRing {
  /** Reads the database, and does what the clock asks for. `startKeyRotation` calls it every two seconds. */
  readonly update: () => Promise<void>
}

/** Puts what the settings want into the schedule, and reads all keys. */
export async function openSigningKeys(options: SigningKeyOptions): Promise<SigningKeys> {
  const { db, settings, now, log } = options
  const lifetime = lifetimeOf(settings)
  const sealer = createSealer(sealingSecrets(options.secrets))
  const reader = createKeyReader(options, sealer)
  const make = async (algorithm: PublicAlgorithm): Promise<NewKey> => {
    const { kid, jwk } = await makeKey(algorithm)
    return { kid, algorithm, source: 'made', jwk: await sealer.seal(jwk) }
  }

  const apply = async (change: KeyChange) => {
    await changeKeys(db, change)
    logChange(change, log)
  }

  let ring: KeyRing
  async function update(): Promise<void> {
    const read = await reader.read()
    const { rows } = read
    let { open } = read
    const rotation = settings.signingKeyRotation
    const change = await upkeepChange({ rows, open, now: now(), lifetime, rotation, make })
    if (change !== undefined) {
      await apply(change)
      open = (await reader.read()).open
    }
    ring = createKeyRing(open, lifetime)
  }

  const found = await reader.read()
  const wanted = await wantedOf(options, found.rows, sealer, make)
  const isNew = found.rows.length === 0 && (await isWithoutUsers(db))
  await apply(await startChange({ ...found, isNew, now: now() }, wanted))
  ring = createKeyRing((await reader.read()).open, lifetime)
  await update()
  return {
    update,
    signerAt: (time) => ring.signerAt(time),
    verifierOf: (kid, at) => ring.verifierOf(kid, at),
    acceptsSecret: (at) => ring.acceptsSecret(at),
    published: (at) => ring.published(at),
  }
}

function logChange({ insert = [], remove = [] }: KeyChange, log: KeyLog): void {
  for (const { kid, algorithm, signsFrom } of insert) {
    const from = signsFrom === null ? null : new Date(signsFrom).toISOString()
    log.info({ kid, algorithm, signs_from: from }, 'signing key added')
  }
  if (remove.length > 0) log.info({ kids: remove }, 'signing keys removed')
}

/** The service's own secret, which is not that of access tokens if they have another one. */
function sealingSecrets({ current, previous, refresh }: SigningKeyOptions['secrets']): Uint8Array[] {
  return [...(refresh === undefined ? [] : [refresh.current, ...refresh.previous]), current, ...previous]
}

async function wantedOf(
  { settings, secrets, log }: SigningKeyOptions,
  rows: readonly KeyRow[],
  sealer: Sealer,
  make: (algorithm: PublicAlgorithm) => Promise<NewKey>,
): Promise<Wanted> {
  const algorithm = settings.accessTokenAlgorithm
  if (algorithm === 'HS256') return { source: 'secret' }
  const made: Wanted = { source: 'made', algorithm, make: () => make(algorithm) }
  if (secrets.signing === undefined) return made
  const given = async (key: NonNullable<typeof secrets.signing>['current']): Promise<NewKey> => {
    const { kid, jwk } = await publicHalf(key)
    return { kid, algorithm: key.algorithm, source: 'given', jwk: await sealer.seal(jwk) }
  }
  const key = await given(secrets.signing.current)
  // The service must start all the same: somebody may restart it before the setting is replaced.
  if (rows.some(({ kid, revokedAt }) => kid === key.kid && revokedAt !== null)) {
    log.error({ kid: key.kid }, 'JWT_SIGNING_KEY was revoked: a key that the service makes signs instead')
    return made
  }
  return { source: 'given', key, next: secrets.signing.next && (await given(secrets.signing.next)) }
}
