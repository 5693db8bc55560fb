import type { Environment } from './environment.ts'
import { FROM_FILE, NAMES } from './environment.ts'

const known = new Set([...NAMES, ...FROM_FILE.map((name) => `${name}_FILE`)])

/**
 * Variables that are no settings but look like one: a misspelt setting has no effect, and nothing else would say so. They
 * are only named, because the environment may have been made for other programs as well.
 *
 * @returns one line for each, without its value
 */
export function lookalikes(env: Environment): string[] {
  return Object.keys(env)
    .filter((name) => env[name] !== '' && !known.has(name))
    .sort()
    .flatMap((name) => {
      const meant = meantBy(name, env)
      return meant === undefined ? [] : [`${name} is not a setting and has no effect: is ${meant} meant?`]
    })
}

function meantBy(name: string, env: Environment): string | undefined {
  const [, unprefixed = ''] = /^REKINDLE_(.*)$/.exec(name) ?? []
  // Kubernetes sets REKINDLE_PORT=tcp://… in pods beside a service of that name.
  if (known.has(unprefixed)) return env[name]?.startsWith('tcp://') ? undefined : unprefixed
  const misspelt = nearest(
    name,
    [...known].filter((setting) => isMisspelt(name, setting)),
  )
  if (misspelt !== undefined) return misspelt
  const akin = nearest(
    name,
    NAMES.filter((setting) => isAkin(name, setting) && !isOfWords(setting, env[name])),
  )
  // Beside the setting itself it is probably of another program.
  return akin === undefined || env[akin] || env[`${akin}_FILE`] ? undefined : akin
}

/** Nobody means the name of an algorithm by a number. */
const isOfWords = (setting: string, given = '') => setting.endsWith('_ALGORITHM') && /^\d/.test(given)

/** HOST and PORT are too short: HOME and SORT would be misspelt. */
function isMisspelt(name: string, setting: string): boolean {
  return Math.min(name.length, setting.length) >= 7 && distance(bare(name), bare(setting)) <= 2
}

/** JWT_SECRET and JWT_SECRET_KEY, SESSION_MAX_AGE_HOURS and SESSION_MAX_AGE_DAYS */
function isAkin(name: string, setting: string): boolean {
  return (
    name.split('_')[0] === setting.split('_')[0] && shared(name, setting) > 1 && kinship(name, setting) >= 0.4
  )
}

const shared = (one: string, two: string) =>
  new Set(one.split('_')).intersection(new Set(two.split('_'))).size

const kinship = (one: string, two: string) =>
  shared(one, two) / new Set([...one.split('_'), ...two.split('_')]).size

/** Without separators, and in the singular */
const bare = (name: string) =>
  name
    .toUpperCase()
    .replace(/IES(?=_|$)/g, 'Y')
    .replace(/S(?=_|$)|[^A-Z0-9]/g, '')

function nearest(name: string, settings: readonly string[]): string | undefined {
  const [first] = [...settings].sort(
    (one, two) => kinship(name, two) - kinship(name, one) || distance(name, one) - distance(name, two),
  )
  return first
}

/** Levenshtein's: how many characters have to be inserted, deleted or replaced. */
function distance(one: string, two: string): number {
  let row = Array.from({ length: two.length + 1 }, (_, at) => at)
  for (let at = 1; at <= one.length; at++) {
    const next = [at]
    for (let to = 1; to <= two.length; to++) {
      const replaced = (row[to - 1] ?? 0) + (one[at - 1] === two[to - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[to] ?? 0) + 1, (next[to - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[two.length] ?? 0
}
