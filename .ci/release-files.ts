/** What a release changes in the texts of this repository. Each function throws rather than change something else. */

export type Kind = 'patch' | 'minor' | 'major'

export const KINDS: readonly Kind[] = ['patch', 'minor', 'major']

/** Semantic Versioning 2.0.0, §6 to §8 */
export function raise(version: string, kind: Kind): string {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number)
  if (kind === 'major') return `${major + 1}.0.0`
  return kind === 'minor' ? `${major}.${minor + 1}.0` : `${major}.${minor}.${patch + 1}`
}

/** The lowest kind that may break clients. §4: "Major version zero (0.y.z) is for initial development." */
export const breakingKind = (version: string): Kind => (version.startsWith('0.') ? 'minor' : 'major')

const literal = (text: string) => text.replaceAll('.', '\\.')

/** @throws TypeError unless the pattern occurs so many times */
function replace(file: string, text: string, pattern: RegExp, times: number, by: string): string {
  const found = [...text.matchAll(pattern)].length
  if (found !== times) throw new TypeError(`${file} has the version ${found} times, not ${times}`)
  return text.replaceAll(pattern, by)
}

/** By file: where the version is. Pages name the packed package, and need not. */
const PLACES: Readonly<
  Record<string, { readonly pattern: (version: string) => string; readonly times: number }>
> = {
  'package.json': { pattern: (version) => `(?<=^  "version": ")${version}(?=",$)`, times: 1 },
  'package-lock.json': {
    pattern: (version) => `(?<="name": "rekindle",\\n +"version": ")${version}(?=")`,
    times: 2,
  },
  'openapi/openapi.yaml': { pattern: (version) => `(?<=^  version: )${version}$`, times: 1 },
  'openapi/paths/openapi.yaml': {
    pattern: (version) => `(?<=title: Rekindle, version: )${version}(?= })`,
    times: 1,
  },
}

export const VERSIONED: readonly string[] = Object.keys(PLACES)

/** A file of {@link VERSIONED} with the next version */
export function withVersion(file: string, text: string, from: string, to: string): string {
  const place = PLACES[file]
  if (place === undefined) throw new TypeError(`${file} has no version`)
  return replace(file, text, new RegExp(place.pattern(literal(from)), 'gm'), place.times, to)
}

/** A page with the next version in the name of the packed package */
export const withPackage = (text: string, from: string, to: string): string =>
  text.replaceAll(`rekindle-${from}.tgz`, `rekindle-${to}.tgz`)

/** The changes since the last release */
export const unreleased = (changelog: string): string =>
  changelog
    .split('## [Unreleased]\n')[1]
    ?.split(/^## \[/m)[0]
    ?.trim() ?? ''

/** @param date as YYYY-MM-DD */
export const withRelease = (changelog: string, version: string, date: string): string =>
  changelog.replace('## [Unreleased]\n', `## [Unreleased]\n\n## [${version}] - ${date}\n`)

/** The list of accepted changes without any: what is left says what the file is. */
export const withoutAccepted = (list: string): string => `${list.split('\n\n')[0]?.trimEnd()}\n`
