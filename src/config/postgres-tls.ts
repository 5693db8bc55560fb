import type { Environment } from './environment.ts'
import { isLoopback } from './network.ts'

/**
 * How a service reaches PostgreSQL, as pg reads its URL: on this machine, with TLS, or across a network without it, as the
 * URL says (`sslmode=disable`) or because it says nothing.
 */
export type Reach = 'local' | 'tls' | 'plain' | 'unsaid'

/** @param env pg reads PGHOST and PGSSLMODE where the URL does not say. */
export function reachOf(url: string, env: Environment): Reach {
  const { hostname, searchParams: query } = new URL(url)
  const host = query.get('host') || decodeURIComponent(hostname) || env['PGHOST'] || 'localhost'
  // A path is that of a socket.
  if (host.startsWith('/') || isLoopback(host) || host === '::1') return 'local'
  const mode = query.get('sslmode')
  if (mode === 'disable') return 'plain'
  if (mode || ['sslcert', 'sslkey', 'sslrootcert'].some((name) => query.get(name))) return 'tls'
  const ssl = query.get('ssl')
  if (ssl === '0') return 'plain'
  if (ssl || query.get('sslnegotiation') === 'direct') return 'tls'
  return /^(prefer|require|verify-ca|verify-full|no-verify)$/.test(env['PGSSLMODE'] ?? '') ? 'tls' : 'unsaid'
}
