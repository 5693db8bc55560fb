/** A real nginx with the lines of `docs/client.md`: on another port, over plain http, at the root and below a prefix. */
import assert from 'node:assert/strict'
import { request as nodeRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { describe, test } from 'node:test'
import { ADMIN_TOKEN, PASSWORD, startService } from '../support/service.ts'
import { atRoot, belowPrefix, isInstalled, startNginx } from './nginx.ts'

interface Sent {
  readonly path: string
  readonly method?: string
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
}

/** As a browser does for a page of the same origin, over plain http without `Sec-Fetch-Site`. The path is sent as it is. */
function send(port: number, { path, method = 'POST', body, headers }: Sent) {
  const { promise, resolve, reject } = Promise.withResolvers<{
    status: number
    cookie: string
    body: string
  }>()
  const own = { Host: `auth.example:${port}`, Origin: `http://auth.example:${port}`, Connection: 'close' }
  const type = body && { 'Content-Type': 'application/json' }
  const sent = nodeRequest(
    { host: '127.0.0.1', port, path, method, headers: { ...own, ...type, ...headers } },
    (response) =>
      text(response).then(
        (body) =>
          resolve({
            status: response.statusCode ?? 0,
            cookie: response.headers['set-cookie']?.[0]?.split(';')[0] ?? '',
            body,
          }),
        reject,
      ),
  )
  sent.on('error', reject).end(body && JSON.stringify(body))
  return promise
}

const login = { username: 'ada', password: PASSWORD, cookie: true }

describe('behind nginx', { skip: !isInstalled && 'there is no nginx', timeout: 180_000 }, () => {
  for (const [prefix, locations] of [
    ['', atRoot],
    ['/auth', belowPrefix],
  ] as const) {
    const name = prefix === '' ? 'at the root' : 'below a prefix'

    test(`${name}: the own page on another port logs in and refreshes by the cookie`, async (t) => {
      const service = await startService(t, { trustProxy: 1 })
      await service.register()
      const port = await startNginx(t, service, locations)
      const Forged = { 'X-Forwarded-For': '192.0.2.66' }
      const answer = await send(port, { path: `${prefix}/api/auth/login`, body: login, headers: Forged })
      assert.equal(answer.status, 200, answer.body)
      const headers = { Cookie: answer.cookie }
      assert.equal((await send(port, { path: `${prefix}/refresh_token`, headers })).status, 200)
      // nginx must not change where these lead to.
      const docs = `http://127.0.0.1:${port}${prefix}/docs`
      for (const path of ['/', '/docs/']) {
        const page = await fetch(`http://127.0.0.1:${port}${prefix}${path}`)
        assert.deepEqual([page.status, page.url], [200, docs])
      }
      assert.doesNotMatch(service.logged(), /192\.0\.2\.66/)
    })

    test(`${name}: with $host, which drops the port, it is refused`, async (t) => {
      const service = await startService(t)
      await service.register()
      const port = await startNginx(t, service, locations.replace('$http_host', '$host'))
      assert.equal((await send(port, { path: `${prefix}/api/auth/login`, body: login })).status, 403)
    })

    test(`${name}: administration is closed, however its path is written`, async (t) => {
      const service = await startService(t)
      const port = await startNginx(t, service, locations)
      const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` }
      for (const path of [
        ...['/admin/users', '/%61dmin/users', '//admin/users', '/x/../admin/users', '/./admin/users'],
        ...['/admin/', '/admin', '/x/%2e%2e/admin/users', '/admin%2fusers'],
      ]) {
        const answer = await send(port, { path: prefix + path, method: 'GET', headers })
        assert.ok([404, 400].includes(answer.status), `${path}: ${answer.status}`)
      }
      const direct = await service.request('/admin/users', { bearer: ADMIN_TOKEN })
      assert.equal(direct.status, 200)
    })
  }

  // Without the rest of the body being read, one of twenty got 502.
  test('a refusal before the body is read comes through', async (t) => {
    const service = await startService(t)
    const port = await startNginx(t, service, atRoot)
    const body = ' '.repeat(20_000)
    for (const [type, refused] of [
      ['application/json', 413],
      ['text/plain', 415],
    ] as const) {
      const statuses = new Set<number>()
      for (let times = 0; times < 150; times++) {
        const url = `http://127.0.0.1:${port}/api/auth/login`
        const response = await fetch(url, { method: 'POST', headers: { 'Content-Type': type }, body })
        await response.text()
        statuses.add(response.status)
      }
      assert.deepEqual([...statuses], [refused])
    }
  })

  test('below a prefix, location /admin/ guards nothing', async (t) => {
    const service = await startService(t)
    const port = await startNginx(
      t,
      service,
      belowPrefix.replace('location /auth/admin/', 'location /admin/'),
    )
    const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` }
    assert.equal((await send(port, { path: '/auth/admin/users', method: 'GET', headers })).status, 200)
  })
})
