import type { Environment } from './environment.ts'
import { reachOf } from './postgres-tls.ts'
import type { Secrets, Settings } from './settings.ts'

/** Lines about settings that are allowed, but not safe in production. They never contain a value. */
export function unsafeSettings(
  env: Environment,
  { production, cookie, database }: Pick<Settings, 'production' | 'cookie' | 'database'>,
): string[] {
  if (!production) return []
  const lines: string[] = []
  if (!cookie.secure)
    lines.push(
      'COOKIE_SECURE is false: browsers send the refresh cookie over plain http, where others can read it',
    )
  else if (!/^__(Host|Secure)-/.test(cookie.name))
    lines.push(
      'REFRESH_COOKIE_NAME has no prefix __Host-: other hosts of the domain and plain http can set a cookie of this name',
    )
  if (database.dialect === 'postgres' && reachOf(database.url, env) === 'plain')
    lines.push('DATABASE_URL switches TLS off: passwords and tokens cross the network in the clear')
  return lines
}

/** Keys that no longer sign once HS256 has taken over. */
export function needlessKeys(
  { accessTokenAlgorithm }: Pick<Settings, 'accessTokenAlgorithm'>,
  { signing }: Pick<Secrets, 'signing'>,
): string[] {
  if (accessTokenAlgorithm !== 'HS256' || signing === undefined) return []
  return ['JWT_SIGNING_KEY only signs until HS256 takes over, as the log says: remove it then']
}
