/** What an example of a page is part of: the page on its origin, and beside it an API that verifies access tokens. */
import type { TestContext } from 'node:test'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { JwtVariables } from 'hono/jwt'
import { jwt } from 'hono/jwt'
import { SECRET } from '../../support/service.ts'

export interface Site {
  /** On `localhost`, since cookies of the service are for one site */
  readonly url: string
  /** The code of the page. Set it before the page is opened */
  script: string
  /** Raised to see that a page has loaded its things anew */
  version: number
  /** Requests that got an answer other than 401: by whom, and what */
  readonly served: [user: string, what: string][]
  /** How many requests got 401 */
  refused(): number
  /** From now on, the access tokens that were sent until now get 401. */
  refuseUsed(): void
  /** Requests wait from now on. @returns lets them go on */
  hold(): () => void
  /** How many requests wait */
  waiting(): number
}

const PAGE = `<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,"><div id="root"></div>
<script type="module" src="/page.js"></script>`

export async function openSite(t: Pick<TestContext, 'after'>): Promise<Site> {
  const [seen, refused] = [new Set<string>(), new Set<string>()]
  let count = 0
  let waiting = 0
  let gate = Promise.resolve()

  const app = new Hono<{ Variables: JwtVariables<{ sub: string }> }>()
  app.get('/', (c) => c.html(PAGE))
  app.get('/page.js', (c) => c.body(site.script, 200, { 'Content-Type': 'text/javascript' }))
  app.use('/api/*', async (c, next) => {
    waiting++
    await gate
    waiting--
    const authorization = c.req.header('Authorization') ?? ''
    seen.add(authorization)
    if (refused.has(authorization)) c.res = c.text('revoked', 401)
    else await next()
    if (c.res.status === 401) count++
  })
  app.get('/api/never', (c) => c.text('not even with a new token', 401))
  app.use('/api/*', jwt({ secret: SECRET.toString(), alg: 'HS256', verification: { typ: 'at+jwt' } }))
  app.get('/api/things', (c) => {
    const { sub } = c.get('jwtPayload')
    site.served.push([sub, 'things'])
    return c.json([`thing of ${sub}, version ${site.version}`])
  })
  app.get('/api/things/:id', (c) => {
    const { sub } = c.get('jwtPayload')
    site.served.push([sub, c.req.param('id')])
    return c.json({ text: `thing ${c.req.param('id')} of ${sub}, version ${site.version}` })
  })
  app.post('/api/things', async (c) => {
    const { sub } = c.get('jwtPayload')
    const { text } = await c.req.json()
    site.served.push([sub, text])
    return c.json({ text }, 201)
  })

  const site: Site = {
    url: await listening(t, app),
    script: '',
    version: 1,
    served: [],
    refused: () => count,
    refuseUsed() {
      for (const authorization of seen) refused.add(authorization)
    },
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>()
      gate = promise
      return resolve
    },
    waiting: () => waiting,
  }
  return site
}

/** @returns its address, on `localhost` */
export function listening(t: Pick<TestContext, 'after'>, app: Pick<Hono, 'fetch'>): Promise<string> {
  return new Promise((resolve) => {
    const server = serve({ fetch: app.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) =>
      resolve(`http://localhost:${port}`),
    )
    t.after(() => {
      if ('closeAllConnections' in server) server.closeAllConnections()
      server.close()
    })
  })
}
