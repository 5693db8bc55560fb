/** What went wrong stays visible: a lost network, an answer of somebody else, and a mistake in the program. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import type { SessionOptions } from '../../src/client/index.ts'
import { createSession, RefreshError } from '../../src/client/index.ts'
import { checkedFetch } from '../support/check-response.ts'
import { startService } from '../support/service.ts'
import { logIn, openTab } from './tab.ts'

const expired = { access_token: 'a.b.c', refresh_token: 'a.b.c', expires_in: 0 }

/** A session whose token has expired, and whose refreshes go wrong. @returns the error of a request, and the number of tries */
async function failing(respond: () => Response | Promise<Response>, options: Partial<SessionOptions> = {}) {
  let tries = 0
  const session = createSession({
    baseUrl: 'http://auth.example.com',
    tries: 3,
    backoff: 1,
    fetch: async () => {
      tries++
      return respond()
    },
    ...options,
  })
  await session.start(expired)
  const error = await session.accessToken().then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  )
  return { error: error as RefreshError, tries: () => tries, session }
}

for (const [what, make] of [
  ['Node', () => new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') })],
  ['Chromium', () => new TypeError('Failed to fetch')],
  ['Firefox', () => new TypeError('NetworkError when attempting to fetch resource.')],
  ['Safari', () => new TypeError('Load failed')],
  ['Safari, of a certificate', () => new TypeError('The certificate for this server is invalid.')],
  ['React Native', () => new TypeError('Network request failed')],
  ['another client', () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' })],
] as const) {
  test(`a lost network in the words of ${what}: all tries, and the last error is the cause`, async () => {
    const lost = make()
    const { error, tries } = await failing(() => Promise.reject(lost))
    assert.ok(error instanceof RefreshError)
    assert.deepEqual([error.message, error.cause, tries()], ['no_answer', lost, 3])
  })
}

test('an answer that is not of the service is the cause', async () => {
  const page = new Response('<h1>Log in to the network</h1>', { status: 511 })
  const { error } = await failing(() => page)
  assert.deepEqual([error.message, error.cause], ['no_answer', page])
})

test('a refusal for now has its word', async () => {
  const headers = { 'Rekindle-Error': 'too_many_requests', 'Retry-After': '60' }
  const { error, tries } = await failing(() => Response.json({}, { status: 429, headers }))
  assert.deepEqual([error.message, error.wait, tries()], ['too_many_requests', 60_000, 1])
})

const nothing: { readonly some?: { readonly thing: string } } = {}
const mistakes: Readonly<Record<string, () => unknown>> = {
  'a member of undefined': () => (nothing.some as { thing: string }).thing,
  'what is no function': () => (nothing as { call(): void }).call(),
  'what is no constructor': () => new (nothing as new () => object)(),
  'an address that is none': () => new URL('nonsense'),
  'a request that is none': () => new Request('nonsense'),
  'a name that is not there': () => {
    throw new ReferenceError('name is not defined')
  },
}
for (const [what, make] of Object.entries(mistakes)) {
  test(`${what} is a mistake of the program: told as it is, at once`, async () => {
    const { error, tries, session } = await failing(() => {
      make()
      return new Response()
    })
    assert.equal(error instanceof RefreshError, false, String(error))
    assert.ok(error instanceof TypeError || error instanceof ReferenceError)
    assert.equal(tries(), 1)
    await assert.rejects(session.fetch('http://auth.example.com/'), error.constructor as ErrorConstructor)
  })
}

test('a mistake that a 401 brings to light is told, too', async (t: TestContext) => {
  const service = await startService(t)
  await service.register()
  const tab = openTab(t, service, randomUUID(), {
    fetch: (input, init) => {
      if ((input as Request).url.endsWith('/refresh_token')) (nothing as { call(): void }).call()
      return checkedFetch(input, init)
    },
  })
  await logIn(service, tab)
  service.clock.now += 31 * 60_000
  await assert.rejects(tab.session.fetch(`${service.url}/api/auth/me`), /is not a function/)
  assert.deepEqual(tab.ended, [])
})

test('an address of the service that is none is told by the first call', async () => {
  const session = createSession({ baseUrl: 'auth.example.com' })
  await session.start(expired)
  await assert.rejects(session.accessToken(), /Invalid URL|Failed to parse/)
})

test('what is not the answer to a login starts nothing', async () => {
  const session = createSession({ baseUrl: 'http://auth.example.com' })
  for (const grant of [undefined, null, {}, { data: expired }, { access_token: 'x' }]) {
    await assert.rejects(session.start(grant as typeof expired), TypeError)
  }
  assert.equal(session.state.status === 'loggedIn', false)
})
