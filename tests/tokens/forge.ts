/** Tokens made and taken apart with plain node:crypto, as other libraries and forgers do. */
import { createHmac } from 'node:crypto'
import type { TokenOptions } from '../../src/tokens/keys.ts'
import { createTokenKeys } from '../../src/tokens/keys.ts'
import { SECRET } from '../support/service.ts'

/** The middle of a second, so that rounding shows. */
export const NOW = Date.UTC(2026, 10, 22, 8, 0, 0, 500)
export const NOW_SECONDS = Math.floor(NOW / 1000)

export const OLD_SECRET = Buffer.from('an older secret of the same service, 32 bytes')
export const FOREIGN_SECRET = Buffer.from('a secret of somebody else, 32 bytes and more')

export const tokensWith = (options: Partial<TokenOptions> = {}) =>
  createTokenKeys({ current: SECRET, previous: [], issuer: undefined, audience: undefined, ...options })

export const base64url = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

export const hmac = (input: string, secret: Uint8Array = SECRET, hash = 'sha256') =>
  createHmac(hash, secret).update(input).digest('base64url')

/** Signs as RFC 7515 specifies; `parts` may have any spelling. */
export const signParts = (header: string, payload: string, secret?: Uint8Array, hash?: string) =>
  `${header}.${payload}.${hmac(`${header}.${payload}`, secret, hash)}`

export const forge = (header: unknown, payload: unknown, secret?: Uint8Array, hash?: string) =>
  signParts(base64url(header), base64url(payload), secret, hash)

export function parts(token: string): [header: string, payload: string, signature: string] {
  const [header = '', payload = '', signature = ''] = token.split('.')
  return [header, payload, signature]
}

const parse = (part: string): Record<string, unknown> => JSON.parse(Buffer.from(part, 'base64url').toString())

export function decode(token: string) {
  const [header, payload, signature] = parts(token)
  return { header: parse(header), payload: parse(payload), signature }
}
