/** What `session.fetch` does with requests. A server of the test acts as an API, and refuses the first token. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { createClient, createSession } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import { ADMIN_TOKEN, PASSWORD, startService } from '../support/service.ts'
import { openTab } from './tab.ts'

interface Seen {
  readonly authorization: string | undefined
  readonly method: string | undefined
  readonly type: string | undefined
  readonly body: string
}

async function openApi(t: TestContext, refusals: number) {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    const { authorization, 'content-type': type } = request.headers
    seen.push({ authorization, method: request.method, type, body: await text(request) })
    response.writeHead(seen.length <= refusals ? 401 : 200).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { seen, origin, url: `${origin}/things` }
}

async function prepare(t: TestContext, refusals = 1) {
  const service = await startService(t)
  await service.register()
  const api = await openApi(t, refusals)
  const { session, refreshed, sent } = openTab(t, service, randomUUID(), { origins: [api.origin] })
  const login = await service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })
  await session.start(login.body.data)
  return { service, session, refreshed, sent, ...api }
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

test('an API that refuses every token does not use up the refreshes of the session', async (t) => {
  const { service, session, seen, url, sent } = await prepare(t, 100)
  for (let count = 0; count < 10; count++) assert.equal((await session.fetch(url)).status, 401)
  assert.equal(sent.filter((line) => line === '/refresh_token 200').length, 1)
  assert.equal(seen.length, 11)
  service.clock.now += 31 * 60_000
  const { status } = await session.fetch(`${service.url}/api/auth/me`)
  assert.equal(status, 200, 'another API is not held back')
})

test('an API that has accepted tokens again is believed again', async (t) => {
  const { session, url, seen, sent } = await prepare(t, 2)
  assert.equal((await session.fetch(url)).status, 401)
  assert.equal((await session.fetch(url)).status, 200)
  seen.length = 1
  assert.equal((await session.fetch(url)).status, 200)
  assert.equal(sent.filter((line) => line === '/refresh_token 200').length, 2)
})

test('tokens go home only: to the service and to the origins that the program names', async (t) => {
  const { session, seen, url, origin } = await prepare(t, 0)
  const stranger = await openApi(t, 1)
  assert.equal((await session.fetch(stranger.url)).status, 401)
  assert.deepEqual(
    stranger.seen.map(({ authorization }) => authorization),
    [undefined],
  )
  const token = await session.accessToken()
  await session.fetch(url)
  await session.fetch(new URL('/other?of=x', origin))
  await session.fetch(new Request(url))
  assert.deepEqual([...new Set(seen.map(({ authorization }) => authorization))], [`Bearer ${token}`])
})

for (const url of [
  'http://auth.example.com.evil.example/',
  'http://auth.example.com:81/',
  'https://auth.example.com/',
  'http://evil.example/http://auth.example.com/',
  'http://evil.example?http://auth.example.com/',
  'http://evil.example\\@auth.example.com/',
  'data:text/plain,x',
]) {
  test(`${url} is not the service`, async () => {
    const seen: (string | null)[] = []
    const session = createSession({
      baseUrl: 'http://auth.example.com/prefix/',
      fetch: async (input) => {
        seen.push((input as Request).headers.get('Authorization'))
        return new Response()
      },
    })
    await session.start({ access_token: 'a.b.c', expires_in: 1800 })
    await session.fetch(url)
    await session.fetch('HTTP://AUTH.EXAMPLE.COM:80/anything')
    assert.deepEqual(seen, [null, 'Bearer a.b.c'])
  })
}

test('an Authorization of the caller stays, and its 401 is handed on', async (t) => {
  const { session, seen, url, sent } = await prepare(t)
  const { status } = await session.fetch(url, { headers: { Authorization: 'Basic YTpi' } })
  assert.deepEqual([status, seen.map(({ authorization }) => authorization)], [401, ['Basic YTpi']])
  assert.deepEqual(sent, ['/things 401'])
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

test('claims that demand a refresh: the request is repeated with a token that has them', async (t) => {
  const { service, session, refreshed } = await prepare(t, 0)
  const { id } = (await service.request('/api/auth/me', { bearer: await session.accessToken() })).body.data
  const json = { claims: { roles: ['editor'] }, refresh_now: true }
  const put = { method: 'PUT', bearer: ADMIN_TOKEN, json }
  assert.equal((await service.request(`/admin/users/${id}/claims`, put)).status, 200)
  const before = refreshed.length
  const response = await session.fetch(`${service.url}/api/auth/me`)
  assert.equal(response.status, 200)
  assert.equal(refreshed.length - before, 1)
  const [, payload = ''] = (await session.accessToken())?.split('.') ?? []
  assert.deepEqual(JSON.parse(Buffer.from(payload, 'base64url').toString()).roles, ['editor'])
})
