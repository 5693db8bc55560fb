/** The handlers for MSW that docs/mock.md shows answer as documented, and the client of this package works with them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createClient, createSession } from '../../src/client/index.ts'
import { blocksOf, ROOT, sectionOf } from '../docs/pages.ts'
import { documented, operations } from '../support/check-response.ts'
import { installGenerators } from './generators/install.ts'

interface Shown {
  readonly server: { use(...handlers: unknown[]): void; resetHandlers(): void; close(): void }
  readonly answer: (method: string, path: string, status?: number, example?: string) => unknown
}

// No such host exists: what is not mocked fails.
const BASE = 'http://auth.test'

test('handlers for MSW', { timeout: 600_000 }, async (t) => {
  const directory = mkdtempSync(join(installGenerators(), 'run-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const [handlers = '', use = ''] = blocksOf(sectionOf('docs/mock.md', 'Handlers for MSW'), 'js')
  const contract = JSON.stringify(pathToFileURL(join(ROOT, 'generated/openapi.json')).href)
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(directory, 'handlers.js'), handlers.replace("'rekindle/openapi.json'", contract))
  writeFileSync(join(directory, 'use.js'), `${use}\nexport { server, answer }\n`)
  const { server, answer }: Shown = await import(pathToFileURL(join(directory, 'use.js')).href)
  t.after(() => server.close())

  await t.test('the client of this package', async () => {
    const reasons: string[] = []
    const session = createSession({ baseUrl: BASE, onEnded: (reason) => reasons.push(reason) })
    const auth = createClient({ baseUrl: BASE })
    const { data } = await auth.POST('/api/auth/login', { body: { username: 'ada', password: 'any' } })
    assert.ok(data !== undefined)
    await session.start(data.data)
    assert.equal((await session.fetch(`${BASE}/api/auth/me`)).status, 200)
    // As the page has it, the refresh after a 401 finds an expired session.
    server.use(answer('get', '/api/auth/me', 401))
    assert.equal((await session.fetch(`${BASE}/api/auth/me`)).status, 401)
    assert.deepEqual(reasons, ['refresh_token_expired'])
    server.resetHandlers()
    await session.start(data.data)
    server.use(answer('get', '/api/auth/me', 401))
    assert.equal((await session.fetch(`${BASE}/api/auth/me`)).status, 401)
    await session.logout()
    assert.deepEqual(reasons, ['refresh_token_expired', 'logout'])
  })

  await t.test('every documented answer', async () => {
    let count = 0
    for (const { method, path, operation } of operations) {
      for (const status of Object.keys(operation.responses)) {
        const examples = documented(operation, status)?.content?.['application/json']?.examples ?? {}
        for (const [name, { value, 'x-error': word = null }] of Object.entries(examples)) {
          server.use(answer(method.toLowerCase(), path, Number(status), name))
          const response = await fetch(BASE + path.replaceAll(/[{}]/g, ''), { method })
          const answered = [response.status, response.headers.get('Rekindle-Error'), await response.json()]
          assert.deepEqual(answered, [Number(status), word, value], `${method} ${path} ${status} ${name}`)
          count++
        }
      }
    }
    assert.ok(count > 100)
    assert.throws(() => answer('post', '/refresh_token', 401, 'nonsense'), TypeError)
  })
})
