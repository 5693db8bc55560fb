/** An application with Flask-JWT-Extended moves to the service, with clients that are logged in. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byRefreshToken, startApp, startBeside, without } from './apps.ts'
import { walk } from './walk.ts'

test('Flask: clients that are logged in notice nothing', { skip: without('flask, jwt') }, async (t) => {
  const app = await startApp(t, 'flask')
  t.diagnostic(`tokens of ${app.library}`)
  const service = await startBeside(t, {})
  const { body: first } = await app.json('/login', { username: 'ada' })
  const spare = String(first['refresh_token'])
  await walk(t, {
    app,
    service,
    async logIn(username) {
      const { body } = await app.json('/login', { username })
      return { access: String(body['access_token']), refresh: String(body['refresh_token']) }
    },
    renew: byRefreshToken(service),
    request: ({ refresh }) => ({
      path: '/refresh_token',
      init: { method: 'POST', headers: { Authorization: `Bearer ${refresh}` } },
    }),
    async logOut({ refresh }) {
      assert.equal((await app.json('/logout', {}, refresh)).status, 200)
    },
  })

  await t.test(
    'the way back: its own refresh takes the tokens of the service, whose secret it has',
    async () => {
      service.clock.now = Date.now()
      const { body } = await service.refresh(spare)
      const back = await app.json('/refresh', {}, body.data.refresh_token)
      assert.equal(back.status, 200)
      const me = await app.json('/me', undefined, String(back.body['access_token']))
      assert.equal(me.body['id'], '1')
    },
  )
})
