/** An application with Django and simplejwt moves to the service, with clients that are logged in. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryDirectory } from '../support/temporary.ts'
import { byRefreshToken, startApp, startBeside, without } from './apps.ts'
import { walk } from './walk.ts'

const PASSWORD = 'correct horse battery staple'
const skip = without('django, rest_framework_simplejwt')

test('Django with simplejwt: clients that are logged in notice nothing', { skip }, async (t) => {
  const directory = temporaryDirectory('django')
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const app = await startApp(t, 'django', join(directory, 'app.db'))
  const service = await startBeside(t, {
    userClaim: 'user_id',
    kinds: { refresh: { claim: 'token_type', value: 'refresh' }, access: 'off' },
  })
  const { body: first } = await app.json('/login', { username: 'ada', password: PASSWORD })
  const spare = String(first['refresh'])
  await walk(t, {
    app,
    service,
    async logIn(username) {
      const { body } = await app.json('/login', { username, password: PASSWORD })
      return { access: String(body['access']), refresh: String(body['refresh']) }
    },
    renew: byRefreshToken(service),
    request: ({ refresh }) => ({
      path: '/refresh_token',
      init: { method: 'POST', headers: { Authorization: `Bearer ${refresh}` } },
    }),
    async logOut({ refresh }) {
      assert.equal((await app.json('/logout', { refresh })).status, 200)
    },
  })

  await t.test(
    'the way back: its own refresh takes the tokens of the service, whose secret it has',
    async () => {
      service.clock.now = Date.now()
      const { body } = await service.refresh(spare)
      const back = await app.json('/refresh', { refresh: body.data.refresh_token })
      assert.equal(back.status, 200)
      const me = await app.json('/me', undefined, String(back.body['access']))
      assert.equal(me.body['id'], '1')
    },
  )
})
