/** The service's own origin for browsers that send no `Sec-Fetch-Site`; repeated headers; login. */
import assert from 'node:assert/strict'
import { request as nodeRequest } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fromElsewhere } from '../../src/conform/provocations/provocation.ts'
import { isCrossSite } from '../../src/http/pipeline/cross-site.ts'
import { snapshot } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { PASSWORD } from '../support/service.ts'
import { cookiesOf } from '../support/tokens.ts'
import { startWorld } from '../support/world.ts'

const APP = 'https://app.example'

const OWN: readonly [origin: string, host: string | undefined, secure: boolean, isOwn: boolean][] = [
  ['https://auth.example', 'auth.example', true, true],
  ['https://auth.example', 'AUTH.example', true, true],
  ['https://auth.example', 'auth.example:443', true, true],
  ['https://auth.example:8443', 'auth.example:8443', true, true],
  ['https://auth.example:8443', 'auth.example', true, false],
  ['https://auth.example', 'auth.example:8443', true, false],
  ['https://auth.example', 'auth.example:80', true, false],
  ['https://evil.example', 'auth.example', true, false],
  ['https://x.auth.example', 'auth.example', true, false],
  ['https://auth.example.evil.example', 'auth.example', true, false],
  ['https://[2001:db8::1]:8443', '[2001:db8::1]:8443', true, true],
  // A Secure cookie comes over HTTPS or on loopback. An attacker in the network could write HTTP pages of the same host.
  ['http://auth.example', 'auth.example', true, false],
  ['http://auth.example', 'auth.example:443', true, false],
  ['http://localhost:8787', 'localhost:8787', true, true],
  ['http://127.0.0.1:8787', '127.0.0.1:8787', true, true],
  ['http://[::1]:8787', '[::1]:8787', true, true],
  ['http://127.0.0.1:8787', 'localhost:8787', true, false],
  ['http://localhost:8788', 'localhost:8787', true, false],
  ['http://localhost.evil.example', 'localhost.evil.example', true, false],
  // Without Secure, both schemes: the service does not know where TLS ends.
  ['http://auth.example', 'auth.example', false, true],
  ['http://auth.example', 'auth.example:80', false, true],
  ['https://auth.example', 'auth.example', false, true],
  ['http://auth.example:8080', 'auth.example:8080', false, true],
  ['http://auth.example:8080', 'auth.example', false, false],
  // Values that browsers do not send as an origin
  ['null', 'null', false, false],
  ['', '', false, false],
  ['https://AUTH.example', 'auth.example', true, false],
  ['https://auth.example:443', 'auth.example:443', true, false],
  ['https://auth.example/', 'auth.example', true, false],
  ['https://auth.example, https://auth.example', 'auth.example', true, false],
  ['file://', '', false, false],
  ['capacitor://localhost', 'localhost', true, false],
  // Values that are not a host
  ['https://auth.example', undefined, true, false],
  ['https://auth.example', 'auth.example, auth.example', true, false],
  ['null', '%%', false, false],
]

test('the own origin, by Host', () => {
  for (const [origin, host, secure, isOwn] of OWN) {
    const settings = {
      corsOrigins: [APP],
      cookie: { name: 'refresh_token', secure, sameSite: 'Strict' },
    } as const
    const row = `${origin} at ${host}, secure: ${secure}`
    assert.equal(isCrossSite({ site: undefined, origin, host }, settings), !isOwn, row)
    // `Sec-Fetch-Site` decides if the browser sends it.
    assert.equal(isCrossSite({ site: 'same-origin', origin, host }, settings), false, row)
    assert.equal(isCrossSite({ site: 'cross-site', origin, host }, settings), true, row)
  }
})

/** fetch neither sends a header twice nor another Host. */
async function send(service: Service, cookie: string, headers: readonly string[]): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  const sent = nodeRequest(
    `${service.url}/refresh_token`,
    // A list is sent unchanged.
    { method: 'POST', headers: ['Connection', 'close', 'Content-Length', '0', 'Cookie', cookie, ...headers] },
    (response) => text(response).then(() => resolve(response.statusCode ?? 0), reject),
  )
  sent.on('error', reject).end()
  return promise
}

test('behind a proxy that passes Host on, and headers that are there twice', async (t) => {
  const { service, refreshToken } = await startWorld(t, { corsOrigins: [APP], trustProxy: 1 })
  const cookie = `refresh_token=${refreshToken}`
  const inside = ['Host', '10.0.0.7:8787']
  const outside = ['Host', 'auth.example']
  const own = ['Origin', 'https://auth.example']
  for (const [status, headers] of [
    [200, inside],
    [200, [...outside, ...own]],
    [200, [...inside, ...own, 'Sec-Fetch-Site', 'same-origin']],
    [200, [...inside, 'Origin', APP, 'Sec-Fetch-Site', 'cross-site']],
    // Without `Host` from the proxy, other forwarded headers are not believed, because proxies may pass them on unchecked.
    [403, [...inside, ...own]],
    [403, [...inside, ...own, 'X-Forwarded-Host', 'auth.example', 'X-Forwarded-Proto', 'https']],
    [403, [...outside, ...own, ...own]],
    [403, [...outside, ...own, 'Origin', APP]],
    [403, [...outside, 'Origin', APP, 'Origin', APP]],
    [403, [...outside, ...own, 'Sec-Fetch-Site', 'same-origin', 'Sec-Fetch-Site', 'cross-site']],
  ] as const) {
    assert.equal(await send(service, cookie, headers), status, headers.join(' '))
  }
})

test('a login that asks for the cookie is not made by other sites; one that asks for tokens is nobody’s trap', async (t) => {
  const { service } = await startWorld(t, { corsOrigins: [APP] })
  const login = (headers: Readonly<Record<string, string>>, cookie: boolean) =>
    service.request('/api/auth/login', { headers, json: { username: 'ada', password: PASSWORD, cookie } })
  const before = await snapshot(service.database)
  for (const headers of [
    fromElsewhere,
    { ...fromElsewhere, 'Sec-Fetch-Site': 'same-site' },
    { Origin: 'https://evil.example' },
    { Origin: 'null' },
    { 'Sec-Fetch-Site': 'cross-site' },
  ]) {
    const answer = await login(headers as Record<string, string>, true)
    assert.deepEqual([answer.body.message, cookiesOf(answer)], ['Cross-site request refused.', []])
  }
  assert.deepEqual(await snapshot(service.database), before)
  assert.match(service.logged(), /"reason":"cross_site".*"login.failed"/)
  // Listed, but the browser would drop the cookie.
  const dropped = await login({ ...fromElsewhere, Origin: APP }, true)
  assert.deepEqual([dropped.status, cookiesOf(dropped)], [403, []])
  assert.match(
    dropped.body.message,
    /Use one site .*localhost and 127\.0\.0\.1 .* or log in without cookie\.$/,
  )
  assert.deepEqual(await snapshot(service.database), before)
  for (const headers of [
    {},
    { Origin: service.url },
    { Origin: APP },
    { Origin: APP, 'Sec-Fetch-Site': 'same-site' },
    { Origin: service.url, 'Sec-Fetch-Site': 'same-origin' },
  ]) {
    assert.equal(cookiesOf(await login(headers as Record<string, string>, true)).length, 1)
  }
  for (const headers of [fromElsewhere, { ...fromElsewhere, Origin: APP }])
    assert.equal((await login(headers, false)).status, 200)
})

test('a login for a Secure cookie over plain http: refused with what to do, except on loopback', async (t) => {
  const LAN = 'http://192.168.1.5:5173'
  const cookie = { name: 'refresh_token', secure: true, sameSite: 'Strict' } as const
  const { service } = await startWorld(t, { corsOrigins: [LAN, APP, 'http://localhost:5173'], cookie })
  const { host } = new URL(service.url)
  const login = (headers: readonly string[]) => {
    const { promise, resolve, reject } = Promise.withResolvers<{
      status: number
      message: string | undefined
    }>()
    const body = JSON.stringify({ username: 'ada', password: PASSWORD, cookie: true })
    const fixed = [
      'Connection',
      'close',
      'Content-Type',
      'application/json',
      'Content-Length',
      String(body.length),
    ]
    const sent = nodeRequest(
      `${service.url}/api/auth/login`,
      { method: 'POST', headers: [...fixed, ...headers] },
      (response) =>
        text(response).then((sent) => {
          const { code, message } = JSON.parse(sent)
          resolve({ status: code, message })
        }, reject),
    )
    sent.on('error', reject).end(body)
    return promise
  }
  const before = await snapshot(service.database)
  for (const headers of [
    // The own page, and a listed one
    ['Host', '192.168.1.5:8787', 'Origin', 'http://192.168.1.5:8787'],
    ['Host', '192.168.1.5:8787', 'Origin', LAN],
    ['Host', host, 'Origin', LAN],
  ]) {
    const { status, message } = await login(headers)
    assert.equal(status, 403)
    assert.match(message ?? '', /Use https, set COOKIE_SECURE=false, or log in without cookie\.$/)
  }
  const foreign = await login(['Host', '192.168.1.5:8787', 'Origin', 'http://evil.example'])
  assert.deepEqual(foreign, { status: 403, message: 'Cross-site request refused.' })
  assert.deepEqual(await snapshot(service.database), before)
  for (const headers of [
    ['Host', host, 'Origin', `http://${host}`],
    ['Host', host, 'Origin', 'http://localhost:5173'],
    ['Host', 'auth.example', 'Origin', APP],
    ['Host', 'auth.example', 'Origin', 'https://auth.example'],
    ['Host', host, 'Origin', LAN, 'Sec-Fetch-Site', 'same-site'],
    ['Host', host],
  ])
    assert.equal((await login(headers)).status, 200, headers.join(' '))
})
