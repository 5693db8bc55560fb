import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'

/** hono's secureHeaders, asked once: the middleware would set one after the other on each response. */
export async function securityHeaders(): Promise<Readonly<Record<string, string>>> {
  // HSTS speaks for a whole host and its subdomains: that is for whoever terminates TLS to say.
  const app = new Hono().use(secureHeaders({ strictTransportSecurity: false }))
  const response = await app.get('/', (c) => c.body(null)).request('/')
  return Object.fromEntries(response.headers)
}
