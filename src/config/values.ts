import { resolve } from 'node:path'
import { z } from 'zod'

/** A SQLite file or a PostgreSQL server. The URL can contain a password: never print it. */
export type Database =
  | { readonly dialect: 'sqlite'; readonly file: string }
  | { readonly dialect: 'postgres'; readonly url: string }

/** A database's name for people: the absolute path of the file, or the URL without user, password and options. */
export function nameOf(database: Database): string {
  if (database.dialect === 'sqlite') return resolve(database.file)
  const { host, pathname, searchParams } = new URL(database.url)
  return `postgres://${host === '' ? (searchParams.get('host') ?? '') : host}${pathname}`
}

type Wrong = (why: string) => never

/**
 * A schema that reads a text. Its messages say what is wrong and what is allowed. They never repeat the value,
 * because messages are logged and a secret may have been put into the wrong variable.
 */
export function value<T>(read: (text: string, wrong: Wrong) => T) {
  return z.string().transform((text, context) =>
    read(text, (why) => {
      context.addIssue(why)
      return z.NEVER
    }),
  )
}

/** Plain decimal digits. `1e3`, `0x10`, `010`, ` 5` and `5.0` are refused. */
export function whole(minimum: number, maximum: number) {
  return value((text, wrong) => {
    const number = /^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : Number.NaN
    return number >= minimum && number <= maximum
      ? number
      : wrong(`must be a whole number from ${minimum} to ${maximum}, in plain digits`)
  })
}

export const flag = value((text, wrong) => {
  if (/^(true|1)$/i.test(text)) return true
  if (/^(false|0)$/i.test(text)) return false
  return wrong('must be true or false')
})

export function oneOf<const T extends string>(...allowed: readonly T[]) {
  return value((text, wrong) => {
    const found = allowed.find((candidate) => candidate === text)
    return found ?? wrong(`must be ${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`)
  })
}

/** RFC 7519 §2: "any value containing a ":" character MUST be a URI". */
export const stringOrUri = value((text, wrong) => {
  if (text !== text.trim()) return wrong('must not begin or end with white space')
  if (text.includes(':') && !URL.canParse(text)) return wrong('has a colon, so it must be a URI (RFC 7519)')
  return text
})

/** RFC 8414 §2: an issuer is "a URL that uses the "https" scheme and has no query or fragment components". */
export const publicUrl = value((text, wrong) => {
  const url = /^https?:\/\/[^\s?#@]+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return wrong('must be an https:// or http:// URL without a user, a query or a #')
  if (text.endsWith('/')) return wrong('must not end with a slash, because verifiers compare it as a text')
  return text
})

/** RFC 6749 Appendix A.1: client-id is made of visible ASCII characters and spaces. */
export const clientId = value((text, wrong) =>
  /^[!-~]([ -~]{0,254}[!-~])?$/.test(text) ? text : wrong('must be 1 to 256 ASCII characters'),
)

export const database = value((text, wrong): Database => {
  const allowed =
    'must be sqlite:./file, sqlite:/absolute/file or postgres://user:password@host:port/database'
  if (text.startsWith('sqlite:')) {
    const file = text.slice('sqlite:'.length)
    if (file.startsWith('//')) return wrong('must have one slash (absolute path) or ./ after sqlite:')
    if (file === ':memory:') return wrong('must name a file: sessions in memory would end with the process')
    return file.trim() === '' || file.endsWith('/') ? wrong(allowed) : { dialect: 'sqlite', file }
  }
  if (!/^postgres(ql)?:\/\//.test(text) || /\s/.test(text)) return wrong(allowed)
  // Otherwise the URL parser would take the rest of the password and the host as a fragment.
  if (text.includes('#')) return wrong('must not have a #: in a password, write it as %23')
  if (!URL.canParse(text)) return wrong(allowed)
  return { dialect: 'postgres', url: text }
})

/** RFC 6265 §4.1.1: cookie-name is a token, as in RFC 9110 §5.6.2. */
export const cookieName = value((text, wrong) =>
  /^[!#$%&'*+\-.^_`|~\w]+$/.test(text)
    ? text
    : wrong("must be a token (RFC 6265): letters, digits and !#$%&'*+-.^_`|~ only"),
)

/**
 * Entries separated by commas. An empty entry is refused, because something is probably missing.
 *
 * @param hint text that shows a wrong entry and what to write instead, unless the entry may be a secret
 */
export function list(
  isEntry: (entry: string) => boolean,
  allowed: string,
  hint: (entry: string) => string | undefined = () => undefined,
) {
  return value((text, wrong): readonly string[] => {
    const entries = text.split(',').map((entry) => entry.trim())
    const broken = entries.flatMap((entry, at) => {
      const shown = hint(entry)
      return isEntry(entry) ? [] : [`entry ${at + 1}${shown === undefined ? '' : ` ${shown}`}`]
    })
    return broken.length === 0 ? entries : wrong(`must be ${allowed}; wrong: ${broken.join(', ')}`)
  })
}

/** At most `points` attempts in `seconds`. */
export interface Limit {
  readonly points: number
  readonly seconds: number
}

export const limit = value((text, wrong): Limit | false => {
  if (text === 'off') return false
  const [, points, seconds] = /^([1-9]\d{0,6})\/([1-9]\d{0,4})$/.exec(text) ?? []
  const read = { points: Number(points), seconds: Number(seconds) }
  return read.points <= 1_000_000 && read.seconds <= 86_400
    ? read
    : wrong('must be off, or a number from 1 to 1000000, a slash and seconds from 1 to 86400: 100/3600')
})
