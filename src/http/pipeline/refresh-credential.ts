import type { Context } from 'hono'
import { verifyRefreshToken } from '../../tokens/refresh-token.ts'
import type { Env } from '../contract.ts'
import type { Core } from '../core.ts'
import { foreignCookies, refreshCookies, sentTokens } from './credentials.ts'

export type RefreshCredential =
  | { readonly outcome: 'missing' }
  | { readonly outcome: 'conflicting' }
  | { readonly outcome: 'found'; readonly token: string; readonly isCookie: boolean }

/**
 * Finds the refresh token of a request. Several credentials are judged before they are compared: an access token,
 * `undefined` or a forged token is not a refresh token and does not count beside one. See the table in docs/glossary.md.
 */
export function refreshCredential(core: Core, c: Context<Env>): RefreshCredential {
  const foreign = foreignCookies(c, core.settings)
  const cookies = [...refreshCookies(c, core.settings), ...foreign]
  const presented = [...cookies, ...sentTokens(c).filter((token) => !cookies.includes(token))]
  const first = presented[0]
  if (first === undefined) return { outcome: 'missing' }
  // A single credential is verified when it is used.
  if (presented.length === 1) return { outcome: 'found', token: first, isCookie: cookies.length > 0 }
  const now = core.now()
  const isAuthentic = (token: string) => verifyRefreshToken(core.keys, token, now).outcome !== 'invalid'
  const authentic = presented.filter(isAuthentic)
  if (authentic.length > 1) return { outcome: 'conflicting' }
  // A token of another system does not count beside one of ours.
  const [token = foreign[0] ?? first] = authentic
  return { outcome: 'found', token, isCookie: cookies.includes(token) }
}
