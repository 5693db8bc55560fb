/** An application with Express moves to the service, with pages that have its refresh token in a cookie. */
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Login } from './apps.ts'
import { OLD_SECRET, startBeside, startProgram } from './apps.ts'
import { walk } from './walk.ts'

/** A browser keeps both cookies: the one of the application stays until it expires. */
const withCookies = (jar: string, response: Response) => {
  const cookies = new Map(jar.split('; ').map((pair) => [pair.split('=')[0], pair]))
  for (const line of response.headers.getSetCookie()) {
    const [pair = ''] = line.split(';')
    cookies.set(pair.split('=')[0], pair)
  }
  return [...cookies.values()].filter((pair) => pair !== '').join('; ')
}

test('Express: pages with its cookie notice nothing', async (t) => {
  const program = fileURLToPath(new URL('apps/express.mjs', import.meta.url))
  const app = await startProgram(t, process.execPath, [program, OLD_SECRET])
  const service = await startBeside(t, {
    userClaim: 'user.id',
    kinds: { refresh: 'any', access: 'off' },
    cookieName: 'jwt',
  })
  const request = ({ refresh = '' }: Login) => ({
    path: '/refresh_token',
    init: { method: 'POST', headers: { Cookie: refresh } },
  })
  await walk(t, {
    app,
    service,
    async logIn(username) {
      const response = await fetch(`${app.url}/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username }),
      })
      const { access_token: access } = (await response.json()) as { access_token: string }
      return { access, refresh: withCookies('', response) }
    },
    async renew(login) {
      const { path, init } = request(login)
      const response = await fetch(service.url + path, init)
      if (response.status !== 200) return undefined
      const { data } = (await response.json()) as { data: { access_token: string } }
      return { access: data.access_token, refresh: withCookies(login.refresh ?? '', response) }
    },
    request,
  })
})
