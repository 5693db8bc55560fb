/** Claims of an application, which access tokens carry beside those of this service: see `docs/adr/0064-claims.md`. */
import type { Claims } from './jwt.ts'

/** What this service writes into tokens and answers of introspection, and names that stand for the kind of a token */
export const RESERVED: ReadonlySet<string> = new Set([
  // RFC 7519 §4.1
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti'],
  ...['sid', 'type', 'typ', 'generation', 'mark', 'cnf', 'client_id', 'claims_version'],
  // RFC 7662 §2.2
  ...['active', 'token_type', 'username'],
])

/** As a user's or a session's row has them, in JSON. Null: none */
export interface KeptClaims {
  readonly userClaims: string | null
  readonly claims: string | null
}

export const readClaims = (text: string | null): Claims => (text === null ? {} : JSON.parse(text))

/** @returns null for none */
export const writeClaims = (claims: Claims): string | null =>
  Object.keys(claims).length === 0 ? null : JSON.stringify(claims)

/** The claims of a token: those of the user, and in their place those of the session that have the same name. */
export function claimsFor({ userClaims, claims }: KeptClaims): Claims | undefined {
  if (userClaims === null && claims === null) return undefined
  return { ...readClaims(userClaims), ...readClaims(claims) }
}

/**
 * The version of a user's claims, which is one of them. It grows when tokens with earlier ones must not be used any more.
 * 0: there was no such change
 */
export const versionOf = (userClaims: string | null): number =>
  userClaims === null ? 0 : Number(readClaims(userClaims)['claims_version'] ?? 0)

/** @returns the claims without those of this service */
export const withoutReserved = (claims: Claims): Claims =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !RESERVED.has(name)))
