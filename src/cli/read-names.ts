import { readSecrets } from '../config/secrets.ts'
import { SettingsError } from '../config/settings.ts'
import type { Names } from '../limits/names.ts'
import { createNames } from '../limits/names.ts'

/** Reads the secret that hashes usernames. @returns undefined without one: then no service has run with these settings */
export function readNames(env: NodeJS.ProcessEnv): Names | undefined {
  const { secrets, mistakes } = readSecrets(env, { mayKeep: false })
  if (mistakes.length > 0) throw new SettingsError(mistakes)
  return secrets && createNames(secrets)
}
