import type { Context } from 'hono'
import type { Env } from './contract.ts'
import { incomingOf } from './server/address.ts'

/**
 * Where a person looks for the page of the contract is no operation: `/` and `/docs/` lead to `/docs`.
 *
 * @returns a reference relative to the URL of the request, because the service does not know what a proxy or `mount()`
 * puts before its paths
 */
export function pathToDocs(c: Context<Env>): string | undefined {
  const { method, path } = c.req
  if (method !== 'GET' && method !== 'HEAD') return undefined
  if (path === '/docs/') return '../docs'
  return path === '/' ? `./${belowMount(incomingOf(c)?.url ?? path)}docs` : undefined
}

/** For `mount('/auth')`, `/auth` and `/auth/` are both `/`, but relative references start from different places. */
function belowMount(target: string): string {
  // RFC 9112 §3.2.2: the target may be a whole URL.
  const [path = ''] = target.replace(/^\w+:\/\/[^/?]*/, '').split('?')
  const last = path.slice(path.lastIndexOf('/') + 1)
  return last === '' ? '' : `${last}/`
}
