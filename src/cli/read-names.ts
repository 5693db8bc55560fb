import { given, NAMES } from '../config/environment.ts'
import { readSecrets } from '../config/secrets.ts'
import { SettingsError } from '../config/settings.ts'
import type { Names } from '../limits/names.ts'
import { createNames } from '../limits/names.ts'

/** Reads the secret that hashes usernames. @returns undefined without one: then no service has run with these settings */
export function readNames(env: NodeJS.ProcessEnv): Names | undefined {
  const { values, mistakes, without } = given(env, NAMES)
  const { secrets, mistakes: wrong } = readSecrets(values, { mayKeep: false })
  if (mistakes.length + wrong.length > 0) throw new SettingsError([...mistakes, ...without(wrong)])
  return secrets && createNames(secrets)
}
