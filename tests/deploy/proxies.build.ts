/** The nginx and HAProxy of docs/deploy, run: what they let through, and what fails while services restart behind them. */
import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { before, describe, test } from 'node:test'
import { client } from '../support/service.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { until } from '../support/until.ts'
import { ADMIN_TOKEN, PASSWORD } from '../support/values.ts'
import type { ProxyName } from './proxy.ts'
import { isInstalled, PROXIES, startProxy } from './proxy.ts'
import type { Way } from './restarts.ts'
import { restartBehind, sender, startBehind } from './restarts.ts'

function freshDatabase(t: TestContext): { DATABASE_URL: string } {
  const directory = temporaryDirectory('deploy')
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return { DATABASE_URL: `sqlite:${join(directory, 'rekindle.db')}` }
}

interface Variant {
  readonly what: string
  /** To the file of docs/deploy */
  readonly changes: readonly (readonly [string | RegExp, string])[]
  readonly ways: readonly Way[]
}

// What each of the lines is for, and docs/deployment.md says
const VARIANTS: Record<ProxyName, readonly Variant[]> = {
  nginx: [
    // By default 10 s, which a slow machine takes for a restart
    {
      what: 'with a fail_timeout longer than a restart',
      changes: [[/ fail_timeout=1s/g, ' fail_timeout=60s']],
      ways: ['stop', 'stop'],
    },
    { what: 'without non_idempotent', changes: [[/ non_idempotent/g, '']], ways: ['kill'] },
  ],
  haproxy: [
    {
      what: 'without checks and retries',
      changes: [
        [
          /^ *(option (httpchk|redispatch)|http-check|default-server|retry-on|http-request disable).*\n/gm,
          '',
        ],
        ['retries 2', 'retries 0'],
      ],
      ways: ['stop', 'stop'],
    },
    { what: 'without empty-response', changes: [[' empty-response', '']], ways: ['kill'] },
  ],
}

const ADMIN_PATHS = [
  ...['/admin/users', '/%61dmin/users', '//admin/users', '/x/../admin/users', '/./admin/users'],
  ...[
    '/x/%2e%2e/admin/users',
    '/x/.%2e/%61dmin/users',
    '/admin%2fusers',
    '/x/..\\admin/users',
    '/admin/users?a=b',
  ],
]

for (const name of PROXIES) {
  const skip = !isInstalled(name) && `NOT TESTED: ${name} is not installed`
  describe(name, { skip, concurrency: 3, timeout: 300_000 }, () => {
    before(() => {
      if (skip) console.error(skip)
    })

    test('restarts of one service after the other fail no refresh, nor does the death of one', async (t) => {
      const proxy = await startProxy(t, name)
      const ways = ['stop', 'stop', 'stop', 'stop', 'kill'] as const
      const { answers, slowest } = await restartBehind(t, proxy, freshDatabase(t), ways)
      t.diagnostic(`${name}: ${answers}; the slowest ${slowest} ms`)
      assert.match(String(answers), /^200 \d+$/)
      assert.ok(answers.total > 500)
    })

    for (const { what, changes, ways } of VARIANTS[name]) {
      test(`${what} some fail`, async (t) => {
        const proxy = await startProxy(t, name, changes)
        const { answers, slowest } = await restartBehind(t, proxy, freshDatabase(t), ways)
        t.diagnostic(`${name} ${what}: ${answers}; the slowest ${slowest} ms`)
        assert.doesNotMatch(String(answers), /^200 \d+$/)
      })
    }

    test('administration is closed, and a client cannot choose its address', async (t) => {
      const proxy = await startProxy(t, name)
      const [port] = proxy.behind
      const service = await startBehind(t, port, freshDatabase(t))
      const send = sender(t, proxy)
      // Until the proxy has found it: it was started before the service.
      await until(async () => (await send({ path: '/readyz', method: 'GET' })).status === 200, 'the proxy')
      const admin = { Authorization: `Bearer ${ADMIN_TOKEN}` }
      const { register, request } = client(service.url)
      await register()
      assert.equal((await request('/admin/users', { bearer: ADMIN_TOKEN })).status, 200)
      for (const path of ADMIN_PATHS) {
        const { status } = await send({ path, method: 'GET', headers: admin })
        assert.ok([404, 400].includes(status), `${path}: ${status}`)
      }

      // As a browser without Sec-Fetch-Site sends a page's login to its own origin.
      const own = { Host: 'auth.example.com:8443', Origin: 'https://auth.example.com:8443' }
      const headers = { ...own, 'X-Forwarded-For': '192.0.2.66' }
      const body = { username: 'ada', password: PASSWORD, cookie: true }
      const login = await send({ path: '/api/auth/login', headers, body })
      assert.equal(login.status, 200, login.text)
      const { body: page } = await request('/admin/events?limit=100', { bearer: ADMIN_TOKEN })
      assert.doesNotMatch(JSON.stringify(page), /192\.0\.2\.66/)
      assert.match(JSON.stringify(page), /"address":"127\.0\.0\.1"/)
    })
  })
}
