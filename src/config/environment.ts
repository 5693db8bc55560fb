import { readFileSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { variables } from './variables.ts'

/** Environment variables. An empty one counts as unset. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Read beside {@link variables}, by secrets.ts. */
const SECRETS = [
  'JWT_SECRET_KEY',
  'JWT_SECRET_KEY_PREVIOUS',
  'REFRESH_TOKEN_SECRET_KEY',
  'REFRESH_TOKEN_SECRET_KEY_PREVIOUS',
  'JWT_SIGNING_KEY',
  'JWT_SIGNING_KEY_NEXT',
  'ADMIN_TOKEN',
  'REVOCATIONS_TOKEN',
  'INTROSPECTION_TOKEN',
  'ADOPT_SECRET',
] as const

/** Each of these can also be in a file that `NAME_FILE` names, where `ps`, crash reports and child processes do not show it. */
export const FROM_FILE: readonly string[] = [...SECRETS, 'EVENTS_WEBHOOK_SECRET', 'DATABASE_URL']

/** The variables that the command line reads. */
export const PLAIN: readonly string[] = Object.keys(variables.shape)

/** Every variable that is a setting. */
export const NAMES: readonly string[] = [...PLAIN, ...SECRETS]

export interface Given {
  readonly values: Environment
  /** The names whose value comes from a file */
  readonly fromFile: readonly string[]
  readonly mistakes: readonly string[]
  /** Removes mistakes that only follow from a file that could not be read. */
  readonly without: (mistakes: readonly string[]) => readonly string[]
}

/** Reads the variables `names`, each from the environment or from the file that `NAME_FILE` names. */
export function given(env: Environment, names: readonly string[]): Given {
  const values: Record<string, string | undefined> = {}
  const mistakes: string[] = []
  const broken: string[] = []
  const fromFile: string[] = []
  for (const name of names) {
    values[name] = env[name] || undefined
    const file = FROM_FILE.includes(name) ? env[`${name}_FILE`] || undefined : undefined
    if (file === undefined) continue
    const read = values[name] === undefined ? readValue(name, file) : bothSet(name)
    if (read.mistake === undefined) {
      values[name] = read.value
      fromFile.push(name)
    } else {
      mistakes.push(read.mistake)
      broken.push(name)
    }
  }
  const without = (others: readonly string[]) =>
    others.filter((mistake) => !broken.some((name) => mistake.startsWith(`${name} `)))
  return { values, fromFile, mistakes, without }
}

type Value = { readonly value: string; readonly mistake?: undefined } | { readonly mistake: string }

const bothSet = (name: string): Value => ({
  mistake: `${name}_FILE is set, and ${name} as well: unset one of them`,
})

// The path is not repeated, because the secret itself may have been written there.
function readValue(name: string, file: string): Value {
  try {
    const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    return value === '' ? { mistake: `${name}_FILE names an empty file` } : { value }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    const where = isAbsolute(file) ? '' : `; its path is relative to ${process.cwd()}`
    return { mistake: `${name}_FILE names a file that cannot be read (${code})${where}` }
  }
}
