/** Tokens made and read by hand, with nothing of src/tokens: what the service is held against. */
import { createHmac } from 'node:crypto'
import type { Answer } from './service.ts'
import { SECRET } from './service.ts'

export type Claims = Readonly<Record<string, unknown>>

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

const part = (token: string, index: number): Claims =>
  JSON.parse(Buffer.from(token.split('.')[index] ?? '', 'base64url').toString())

export const headerOf = (token: string): Claims => part(token, 0)
export const claimsOf = (token: string): Claims => part(token, 1)
export const sidOf = (token: string): string => String(claimsOf(token)['sid'])

/** HS256 over any header and claims whatever. */
export function signJwt(
  header: Claims,
  claims: Claims,
  secret: Uint8Array = SECRET,
  hash = 'sha256',
): string {
  const input = `${encode(header)}.${encode(claims)}`
  return `${input}.${createHmac(hash, secret).update(input).digest('base64url')}`
}

/** The same token signed again, with other header members or claims. */
export const resigned = (token: string, claims: Claims = {}, header: Claims = {}, secret = SECRET): string =>
  signJwt({ ...headerOf(token), ...header }, { ...claimsOf(token), ...claims }, secret)

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** Other texts for the same bytes: of the last character of 32 bytes two bits mean nothing. */
export const respelt = (token: string): string[] =>
  [1, 2, 3].map((bits) => token.slice(0, -1) + ALPHABET[ALPHABET.indexOf(token.at(-1) ?? '') | bits])

/** One line of Set-Cookie, taken apart: attributes by their names in lower case. */
export interface Cookie {
  readonly name: string
  readonly value: string
  readonly attributes: Readonly<Record<string, string>>
}

export function cookiesOf({ headers }: Pick<Answer, 'headers'>): Cookie[] {
  return headers.getSetCookie().map((line) => {
    const [pair = '', ...attributes] = line.split(/; */)
    const [name = '', value = ''] = pair.split('=')
    return {
      name,
      value,
      attributes: Object.fromEntries(
        attributes.map((attribute) => {
          const [key = '', setting = ''] = attribute.split('=')
          return [key.toLowerCase(), setting]
        }),
      ),
    }
  })
}
