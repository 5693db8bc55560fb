/**
 * A site whose server renders the pages. The browser has two HTTP-only cookies: that of the service with the refresh token,
 * which is `SameSite=Strict`, and one with the access token, which is `Lax`. After a link in a mail the browser sends only the
 * second. Once that has expired, the page loads itself again: this time it is not another site that asks for it.
 */
import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'
import { Hono } from 'hono'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { csrf } from 'hono/csrf'
import { html } from 'hono/html'
import { HTTPException } from 'hono/http-exception'
import type { Grant } from 'rekindle-client'
import { createClient } from 'rekindle-client'

const auth = createClient({ baseUrl: 'http://localhost:8787' })
const [ACCESS, REFRESH] = ['__Host-access_token', '__Host-refresh_token']
const OPTIONS = { path: '/', secure: true, httpOnly: true, sameSite: 'Lax' } as const

/** What the service has to know of the browser. With `TRUST_PROXY=1` it takes the address from here */
const headersOf = (c: Context, token = getCookie(c, REFRESH)) => ({
  'User-Agent': c.req.header('User-Agent'),
  'X-Forwarded-For': getConnInfo(c).remote.address,
  Cookie: token && `${REFRESH}=${token}`,
})

/** Passes the cookies of the service on to the browser, unless it is only out of order */
function passOn(c: Context, { headers, status }: Response, grant?: Grant): void {
  if (status === 429 || status >= 500) throw new HTTPException(503, { message: 'Please try again.' })
  for (const cookie of headers.getSetCookie()) c.header('Set-Cookie', cookie, { append: true })
  if (grant) setCookie(c, ACCESS, grant.access_token, { ...OPTIONS, maxAge: grant.expires_in - 10 })
  else deleteCookie(c, ACCESS, OPTIONS)
}

// By refresh token: requests that come at once share one refresh. Of two processes, both get the same answer.
const refreshes = new Map<string, ReturnType<typeof refresh>>()
const refresh = (headers: ReturnType<typeof headersOf>) => auth.POST('/refresh_token', { headers })

async function accessToken(c: Context): Promise<string | undefined> {
  const [access, token] = [getCookie(c, ACCESS), getCookie(c, REFRESH)]
  if (access || !token) return access
  const refreshing = refreshes.get(token) ?? refresh(headersOf(c)).finally(() => refreshes.delete(token))
  refreshes.set(token, refreshing)
  const { data, response } = await refreshing
  passOn(c, response, data?.data)
  return data?.data.access_token
}

const form = (what: string, inputs: unknown = '') =>
  html`<form action="/${what}" method="post">${inputs}<button>${what}</button></form>`
const LOGIN = form('login', html`<input name="username"><input name="password" type="password">`)

export const site = new Hono().use(csrf())

site.post('/login', async (c) => {
  const { username, password } = (await c.req.parseBody()) as Record<string, string>
  const body = { username: `${username}`, password: `${password}`, cookie: true }
  const { data, error, response } = await auth.POST('/api/auth/login', { body, headers: headersOf(c, '') })
  if (!data) return c.html(html`<p role="alert">${error.message}</p>${LOGIN}`, response.status as 401)
  passOn(c, response, data.data)
  return c.redirect('/', 303)
})

site.post('/logout', async (c) => {
  passOn(c, (await auth.POST('/api/auth/logout', { headers: headersOf(c) })).response)
  return c.redirect('/', 303)
})

site.get('/*', async (c) => {
  const token = await accessToken(c)
  const isLink = c.req.header('Sec-Fetch-Site') === 'cross-site' && !getCookie(c, REFRESH)
  if (!token) return c.html(isLink ? '<meta http-equiv="refresh" content="0">' : LOGIN)
  const { data, response } = await auth.GET('/api/auth/me', { headers: { Authorization: `Bearer ${token}` } })
  if (!data) passOn(c, response)
  return c.html(data ? html`<h1>${data.data.username}</h1>${form('logout')}` : LOGIN)
})
