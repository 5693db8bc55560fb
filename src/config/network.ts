import { isIP } from 'node:net'
import { z } from 'zod'
import { list, value, whole } from './values.ts'

export const host = value((text, wrong) => {
  const name = /^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i
  // A name that has only digits and dots is a mistyped address.
  if (isIP(text) !== 0 || (name.test(text) && !/^[\d.]+$/.test(text))) return text
  return wrong('must be an IP address (IPv6 without brackets) or a host name, without scheme and port')
})

/**
 * An origin exactly as browsers send it (lower case, no default port, no path), so that strings can be compared.
 * `URL.origin` is "null" for capacitor://localhost and other app schemes, so it checks only http and https.
 */
function isOrigin(entry: string): boolean {
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\/([a-z0-9_.-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/.exec(entry) ?? []
  if (scheme !== 'http' && scheme !== 'https') return scheme !== undefined
  return URL.canParse(entry) && new URL(entry).origin === entry
}

/**
 * Shows a wrong entry, or what browsers send instead. Other texts are not shown: they may be a secret in the wrong variable,
 * and so may the path of a URL.
 */
function wrongOrigin(entry: string): string | undefined {
  const url = /^https?:\/\/[^@*\s]+$/i.test(entry) ? URL.parse(entry) : null
  if (url !== null) return `(browsers send ${url.origin})`
  return /^(\*|null|(https?:\/\/)?(\*\.)?([a-z0-9-]+\.)+[a-z]{2,})$/.test(entry) ? `(${entry})` : undefined
}

export const origins = list(
  isOrigin,
  'origins separated by commas, each scheme://host or scheme://host:port exactly as browsers send it ' +
    '(no path, no *, no default port)',
  wrongOrigin,
)

// `*` is a token as well, but means all headers only in requests without credentials (Fetch, CORS protocol).
const isHeaderName = (entry: string) => entry !== '*' && /^[!#$%&'*+\-.^_`|~\w]+$/.test(entry)

export const headerNames = list(isHeaderName, 'names of headers separated by commas (no *)', (entry) =>
  entry === '*' ? '(*)' : undefined,
)

/** An address, or a network in CIDR notation. /0 is refused because it would trust everyone, like `true`. */
function isAddressOrNetwork(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = address.includes('%') ? 0 : isIP(address)
  if (family === 0 || rest.length > 0) return false
  if (prefix === undefined) return true
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)
}

/** Other texts are not shown: they may be a secret in the wrong variable. */
const looksLikeAddress = (entry: string) =>
  /^(true|[\d.]{1,18}|[\da-f:.]*[:.][\da-f:.]*(\/\d*)?)$/i.test(entry)

const proxiesAllowed =
  'must be false, the number of proxies in front (1 to 32), or their addresses or networks ' +
  'separated by commas (10.0.0.0/8, ::1)'

/** `true` is refused: any client could then choose its logged and limited address by sending X-Forwarded-For. */
export const proxies = value((text, wrong): false | number | readonly string[] => {
  if (/^false$/i.test(text)) return false
  const read = z.union([whole(1, 32), list(isAddressOrNetwork, '')]).safeParse(text)
  if (read.success) return read.data
  const entries = text.split(',').map((entry) => entry.trim())
  const shown = entries.filter((entry) => !isAddressOrNetwork(entry) && looksLikeAddress(entry))
  return wrong(`${proxiesAllowed}${shown.length > 0 ? `; wrong: ${shown.join(', ')}` : ''}`)
})

/** Whether a host name is this machine's own. @param hostname without a port, IPv6 in brackets, as in a URL */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/i.test(hostname)
