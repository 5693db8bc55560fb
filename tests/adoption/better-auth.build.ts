/** An application with better-auth and its plugin for JWTs moves to the service. It needs the registry. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { installPackages } from '../support/install-packages.ts'
import type { Login, Users } from './apps.ts'
import { byAccessToken, OLD_SECRET, startBeside, startProgram } from './apps.ts'
import { walk } from './walk.ts'

const HERE = new URL('apps/better-auth/', import.meta.url)

test('better-auth: clients with its JWTs notice nothing', async (t) => {
  const directory = installPackages(HERE, 'better-auth')
  const program = join(directory, 'app.mjs')
  copyFileSync(fileURLToPath(new URL('app.mjs', HERE)), program)
  const app = await startProgram(t, process.execPath, [program, OLD_SECRET])
  const users = (await app.json('/users')).body as Users
  const service = await startBeside(
    t,
    {
      algorithms: ['EdDSA'],
      issuer: app.url,
      audience: app.url,
      kinds: { refresh: 'off', access: 'any' },
    },
    { users, key: { url: `${app.url}/api/auth/jwks` } },
  )
  await walk(t, {
    app,
    service,
    users,
    async logIn(username): Promise<Login> {
      // They have no jti: two of a user from the same second are one token.
      await new Promise((done) => setTimeout(done, 1000))
      return { access: String((await app.json('/login', { username })).body['access_token']) }
    },
    renew: byAccessToken(service),
    request: ({ access }) => ({
      path: '/api/auth/refresh',
      init: {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ token: access }),
      },
    }),
  })
})
