/** `TRUST_PROXY`: which entries of `X-Forwarded-For` are believed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import { PASSWORD, startService } from '../support/service.ts'

const CLIENT = '203.0.113.7'
const SPOOFED = '198.51.100.1'

const expected: readonly [
  trustProxy: Settings['trustProxy'],
  forwarded: string | undefined,
  address: string,
][] = [
  [false, CLIENT, '127.0.0.1'],
  [false, `${SPOOFED}, 127.0.0.1`, '127.0.0.1'],
  // One hop: the proxy wrote the last entry, and all earlier ones came from outside.
  [1, undefined, '127.0.0.1'],
  [1, CLIENT, CLIENT],
  [1, `${SPOOFED}, ${CLIENT}`, CLIENT],
  [1, `127.0.0.1, ${SPOOFED},${CLIENT} `, CLIENT],
  [1, '2001:db8::7', '2001:db8::7'],
  [1, `::ffff:${CLIENT}`, CLIENT],
  [2, `${SPOOFED}, ${CLIENT}, 10.0.0.2`, CLIENT],
  [2, CLIENT, CLIENT],
  // An entry that is not an address is not believed, nor are the entries before it.
  [1, 'unknown', '127.0.0.1'],
  [1, '', '127.0.0.1'],
  [1, `${SPOOFED}, `, '127.0.0.1'],
  [1, 'fe80::1:2:3:4:5:6:7:8', '127.0.0.1'],
  [1, `[${CLIENT}]`, '127.0.0.1'],
  [1, `[${CLIENT}]:80`, '127.0.0.1'],
  [1, `${CLIENT}:80:80`, '127.0.0.1'],
  [1, `${CLIENT}:`, '127.0.0.1'],
  [1, '[2001:db8::7', '127.0.0.1'],
  [1, '[2001:db8::7]x', '127.0.0.1'],
  // Some proxies write the port as well.
  [1, `${CLIENT}:4711`, CLIENT],
  [1, '[2001:db8::7]:4711', '2001:db8::7'],
  [1, '[2001:db8::7]', '2001:db8::7'],
  [2, `${SPOOFED}, ${CLIENT}:4711, 10.0.0.2:80`, CLIENT],
  [1, '<script>alert(1)</script>', '127.0.0.1'],
  [2, `${SPOOFED}, garbage, 10.0.0.2`, '10.0.0.2'],
  // Networks: the first address from the right that is not trusted.
  [['127.0.0.0/8'], CLIENT, CLIENT],
  [['127.0.0.0/8'], `${SPOOFED}, ${CLIENT}`, CLIENT],
  [['127.0.0.0/8'], `${SPOOFED}, ${CLIENT}, 127.0.0.9`, CLIENT],
  [['127.0.0.0/8', '10.0.0.0/8'], `${SPOOFED}, ${CLIENT}, 10.1.2.3, 127.0.0.9`, CLIENT],
  [['127.0.0.1', '2001:db8::/32'], `${CLIENT}, 2001:db8::1`, CLIENT],
  [['127.0.0.0/8'], '127.0.0.2, 127.0.0.3', '127.0.0.2'],
  // The peer is not a trusted proxy.
  [['10.0.0.0/8'], CLIENT, '127.0.0.1'],
  [['127.0.0.2'], CLIENT, '127.0.0.1'],
]

test('the address of the session, of the request line, and what is not believed', async (t) => {
  const services = new Map<string, Awaited<ReturnType<typeof startService>>>()
  for (const [trustProxy, forwarded, address] of expected) {
    const key = JSON.stringify(trustProxy)
    const service = services.get(key) ?? (await startService(t, { trustProxy }))
    if (!services.has(key)) await service.register()
    services.set(key, service)
    const headers = {
      'X-Request-Id': 'this-one',
      ...(forwarded !== undefined && { 'X-Forwarded-For': forwarded }),
    }
    const json = { username: 'ada', password: PASSWORD }
    const login = await service.request('/api/auth/login', { headers, json })
    const bearer = login.body.data.access_token
    const { body } = await service.request('/api/auth/sessions', { bearer })
    const { address: stored } = body.data.sessions.find(({ current }: { current: boolean }) => current)
    assert.equal(stored, address, `${key} ${forwarded}`)
    const line = service
      .logged()
      .trim()
      .split('\n')
      .findLast((text) => text.includes('"this-one","method"'))
    assert.equal(JSON.parse(line ?? '{}').address, address)
  }
})

test('other headers of proxies are not believed', async (t) => {
  const service = await startService(t, { trustProxy: 1 })
  await service.register()
  const headers = {
    Forwarded: `for=${SPOOFED}`,
    'X-Real-IP': SPOOFED,
    'X-Client-IP': SPOOFED,
    'CF-Connecting-IP': SPOOFED,
    'X-Forwarded-Host': 'evil.example',
    'X-Original-URL': '/api/auth/me',
    'X-HTTP-Method-Override': 'DELETE',
  }
  const answer = await service.request('/api/auth/login', {
    headers,
    json: { username: 'ada', password: PASSWORD },
  })
  assert.equal(answer.status, 200)
  const { address } = await service.core.db.selectFrom('sessions').select('address').executeTakeFirstOrThrow()
  assert.equal(address, '127.0.0.1')
})

test('a zone is no part of an address: nothing of any length and content gets into rows and logs', async (t) => {
  const service = await startService(t, { trustProxy: 1 })
  await service.register()
  const headers = { 'X-Forwarded-For': `fe80::1%${'secret.'.repeat(100)}` }
  await service.request('/api/auth/login', { headers, json: { username: 'ada', password: PASSWORD } })
  const { address } = await service.core.db.selectFrom('sessions').select('address').executeTakeFirstOrThrow()
  assert.ok((address ?? '').length <= 45, `${address}`)
  assert.ok(!service.logged().includes('secret.'))
})

test('X-Forwarded-For without TRUST_PROXY is told in the log once, without what it says', async (t) => {
  const warnings = (logged: string) =>
    logged.split('\n').filter((line) => line.includes('"level":40') && line.includes('X-Forwarded-For'))
  const unset = await startService(t)
  await unset.request('/livez')
  assert.equal(warnings(unset.logged()).length, 0)
  const headers = { 'X-Forwarded-For': SPOOFED }
  for (let count = 0; count < 3; count++) await unset.request('/livez', { headers })
  const [warning = '', ...more] = warnings(unset.logged())
  assert.match(warning, /TRUST_PROXY/)
  assert.ok(!warning.includes(SPOOFED))
  assert.deepEqual(more, [])

  const proxied = await startService(t, { trustProxy: 1 })
  await proxied.request('/livez', { headers })
  assert.equal(warnings(proxied.logged()).length, 0)
})
