/** What `session.fetch` does with requests. A server of the test acts as an API, and refuses the first token. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createClient } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { openTab } from './tab.ts'

interface Seen {
  readonly authorization: string | undefined
  readonly method: string | undefined
  readonly type: string | undefined
  readonly body: string
}

async function prepare(t: TestContext, refusals = 1) {
  const service = await startService(t)
  await service.register()
  const { session, refreshed } = openTab(t, service, randomUUID())
  const login = await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })
  await session.start(login.body.data)
  const seen: Seen[] = []
  const api = createServer(async (request, response) => {
    const { authorization, 'content-type': type } = request.headers
    seen.push({ authorization, method: request.method, type, body: await text(request) })
    response.writeHead(seen.length <= refusals ? 401 : 200).end()
  }).listen(0, '127.0.0.1')
  await once(api, 'listening')
  t.after(() => api.close())
  const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/things`
  return { service, session, seen, url, refreshed }
}

const stream = () =>
  new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('streamed'))
      controller.close()
    },
  })

const repeated: Record<string, (url: string) => [string | URL | Request, RequestInit?]> = {
  'a text': (url) => [url, { method: 'POST', body: 'payload' }],
  'bytes, by URL': (url) => [new URL(url), { method: 'PUT', body: new TextEncoder().encode('payload') }],
  'a form': (url) => [url, { method: 'POST', body: new URLSearchParams({ a: 'b' }) }],
  'a Request': (url) => [new Request(url, { method: 'POST', body: 'payload' })],
  'a Request and options': (url) => [
    new Request(url, { method: 'POST', body: 'first' }),
    { body: 'payload' },
  ],
  'no body': (url) => [url],
}

for (const [what, make] of Object.entries(repeated)) {
  test(`${what}: sent again with the new token, and the same in everything else`, async (t) => {
    const { session, seen, url, refreshed } = await prepare(t)
    assert.equal((await session.fetch(...make(url))).status, 200)
    assert.deepEqual(
      seen.map(({ authorization }) => authorization),
      refreshed.map(({ accessToken }) => `Bearer ${accessToken}`),
    )
    const [first, second] = seen.map(({ authorization, ...rest }) => rest)
    assert.deepEqual(second, first)
  })
}

test('a stream is sent once, and its 401 handed on', async (t) => {
  const { session, seen, url } = await prepare(t)
  const init = { method: 'POST', body: stream(), duplex: 'half' } as RequestInit
  assert.equal((await session.fetch(url, init)).status, 401)
  assert.deepEqual(
    seen.map(({ body }) => body),
    ['streamed'],
  )
})

test('a consumed body is refused as the platform does it', async (t) => {
  const { session, url, seen } = await prepare(t)
  const request = new Request(url, { method: 'POST', body: 'x' })
  await request.text()
  await assert.rejects(session.fetch(request), TypeError)
  assert.equal(seen.length, 0)
})

test('an API that refuses every token is asked twice, not for ever, and ends nothing', async (t) => {
  const { session, seen, url } = await prepare(t, 100)
  assert.equal((await session.fetch(url)).status, 401)
  assert.equal(seen.length, 2)
  assert.notEqual(await session.accessToken(), undefined)
})

test('a request of the caller that is aborted stays so', async (t) => {
  const { session, url } = await prepare(t)
  await assert.rejects(session.fetch(url, { signal: AbortSignal.abort() }), { name: 'AbortError' })
})

test('what one user asked for while the token was refreshed is not sent with the token of the next one', async (t) => {
  const service = await startService(t)
  const logIn = async (username: string) => {
    await service.register(username)
    const login = await service.request('/api/auth/login', { json: { username, password: PASSWORD } })
    return login.body.data
  }
  const [ada, bob] = [await logIn('ada'), await logIn('bob')]
  const refreshAsked = Promise.withResolvers<void>()
  const mayRefresh = Promise.withResolvers<void>()
  const { session } = openTab(t, service, randomUUID(), {
    async fetch(input, init) {
      if ((input as Request).url.endsWith('/refresh_token')) {
        refreshAsked.resolve()
        await mayRefresh.promise
      }
      return checkedFetch(input, init)
    },
  })
  await session.start({ ...ada, expires_in: 0 })
  const answer = session.fetch(`${service.url}/api/auth/me`)
  await refreshAsked.promise
  await session.logout()
  await session.start(bob)
  mayRefresh.resolve()
  const { status } = await answer
  assert.equal(status, 401, 'bob was asked instead of ada')
  assert.equal(await session.accessToken(), bob.access_token)
})

test('the typed client works through it', async (t) => {
  const { service, session } = await prepare(t)
  const client = createClient({ baseUrl: service.url, fetch: (request) => session.fetch(request) })
  const { data, error } = await client.GET('/api/auth/me')
  assert.equal(data?.data.username, 'ada')
  assert.equal(error, undefined)
  service.clock.now += 31 * 60_000
  assert.equal((await client.GET('/api/auth/sessions')).data?.data.sessions.length, 1)
  const refused = await client.POST('/api/auth/login', { body: { username: 'ada', password: 'wrong' } })
  assert.equal(refused.error?.message, 'Invalid credentials.')
})
