import type { KeyLog, SigningKeys } from './signing-keys.ts'

// Milliseconds. A revocation is in force everywhere after this time.
const INTERVAL = 2000

export interface KeyRotationContext {
  readonly signingKeys: SigningKeys
  readonly log: KeyLog
}

/**
 * Follows the keys of access tokens in the database, makes new ones by the clock, and ends old ones. A process without it
 * does not notice what other processes and `rekindle keys` do.
 *
 * @param context the core of `createCore`
 * @returns a function that stops it and resolves when the current run has ended
 * @example
 * ```ts
 * import pino from 'pino'
 * import { createCore, readServiceSettings, startKeyRotation } from 'rekindle'
 *
 * const core = await createCore({ ...readServiceSettings(process.env), log: pino() })
 * const stopKeyRotation = startKeyRotation(core)
 *
 * await stopKeyRotation()
 * await core.store.close()
 * ```
 */
export function startKeyRotation({ signingKeys, log }: KeyRotationContext): () => Promise<void> {
  let running: Promise<void> | undefined
  let hasFailed = false
  const run = async () => {
    try {
      await signingKeys.update()
      hasFailed = false
    } catch (err) {
      // Once: while the database is away, it fails every two seconds.
      if (!hasFailed) log.error({ err }, 'the signing keys cannot be read: those of before stay in force')
      hasFailed = true
    }
  }
  const timer = setInterval(() => {
    running ??= run().finally(() => {
      running = undefined
    })
  }, INTERVAL)
  return async () => {
    clearInterval(timer)
    await running
  }
}
