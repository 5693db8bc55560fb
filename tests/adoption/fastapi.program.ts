/** An application with FastAPI and python-jose moves to the service. It has access tokens only, so they are exchanged. */
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { blocksOf, sectionOf } from '../docs/pages.ts'
import { PASSWORD } from '../support/service.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import type { Login } from './apps.ts'
import { byAccessToken, startApp, startBeside, without } from './apps.ts'
import { walk } from './walk.ts'

const skip = without('fastapi, uvicorn, jose, multipart')

test('FastAPI with python-jose: clients that are logged in notice nothing', { skip }, async (t) => {
  const directory = temporaryDirectory('fastapi')
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const form = join(directory, 'form.py')
  writeFileSync(form, String(blocksOf(sectionOf('docs/moving-in.md', 'FastAPI'), 'python')[0]))
  const app = await startApp(t, 'fastapi', form)
  const service = await startBeside(t, { kinds: { refresh: 'off', access: 'any' } })
  // Two tokens of a user that expire in the same second are one token: there is nothing else in them.
  let lifetime = 1800
  await walk(t, {
    app,
    service,
    async logIn(username): Promise<Login> {
      lifetime += 2
      const body = new URLSearchParams({ username, password: 'any' })
      const response = await fetch(`${app.url}/token?lifetime=${lifetime}`, { method: 'POST', body })
      return { access: ((await response.json()) as { access_token: string }).access_token }
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

  await t.test('the button Authorize of its docs page logs in at the service', async () => {
    await service.register('button')
    const authorize = (password: string) =>
      fetch(`${app.url}/token`, {
        method: 'POST',
        body: new URLSearchParams({ grant_type: 'password', username: 'button', password }),
      })
    const contract = (await (await fetch(`${app.url}/openapi.json`)).json()) as Contract
    const { flows } = contract.components.securitySchemes.OAuth2PasswordBearer
    assert.deepEqual(flows, { password: { scopes: {}, tokenUrl: 'token' } })
    const { access_token: bearer } = (await (await authorize(PASSWORD)).json()) as { access_token: string }
    assert.equal((await app.json('/me', undefined, bearer)).status, 200)
    assert.equal((await authorize('wrong')).status, 401)
  })
})

interface Contract {
  readonly components: {
    readonly securitySchemes: { readonly OAuth2PasswordBearer: { readonly flows: unknown } }
  }
}
