/** The examples of `docs/examples.md` as users have them: in pages of Chromium, with the service on another port. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, test } from 'node:test'
import { until } from '../support/until.ts'
import { copyExamples, EXAMPLES } from './examples/packed.ts'
import type { Example, Shown } from './examples/walk.ts'
import { walk } from './examples/walk.ts'

const begin = (call: string, more = '') => `
  import { logIn, session } from './session.ts'
  ${more}
  session.subscribe(() => {})
  Object.assign(globalThis, { session, logIn, call: ${call} })`

const render = (file: string, more = '') => `
  import { createRoot } from 'react-dom/client'
  import { App } from './${file}'
  ${more}
  createRoot(document.getElementById('root')).render(<App />)`

const init = `json && { method: 'POST', body: JSON.stringify(json), headers: { 'Content-Type': 'application/json' } }`
const byFetch = `(path, json) => session.fetch('/api/' + path, ${init}).then(({ status }) => status)`
const texts = async ({ tabs: [tab] }: Shown) => (await tab?.locator('p').allTextContents()) ?? []

const examples: Readonly<Record<string, Example>> = {
  React: {
    program: begin(byFetch, render('react.tsx')),
    hasForms: true,
    async shown(shown) {
      for (const tab of shown.tabs) await tab.getByRole('heading', { name: shown.user.id }).waitFor()
      await until(async () => (await texts(shown)).join() === `thing of ${shown.user.id}, version 1`)
    },
  },
  'TanStack Query': {
    program: begin(
      byFetch,
      `${render('tanstack-query.tsx', "import { queries } from './tanstack-query.tsx'")}
      Object.assign(globalThis, { queries })`,
    ),
    hasForms: true,
    async shown(shown) {
      const { tabs, site, user, refreshesIn } = shown
      const haveAll = () =>
        until(async () => {
          const all = await texts(shown)
          return (
            all.length === 20 && all.every((text) => text.endsWith(`of ${user.id}, version ${site.version}`))
          )
        })
      await haveAll()
      site.refuseUsed()
      site.version++
      const again = async () => {
        await tabs[0]?.evaluate('void queries.invalidateQueries()')
        await haveAll()
      }
      assert.equal(await refreshesIn(again), 1)
      // What was loaded for the user before is gone.
      const owners = await tabs[0]?.evaluate(
        'queries.getQueryCache().getAll().map(({ queryKey: [user] }) => user)',
      )
      assert.deepEqual([...new Set(owners as string[])], [user.id])
    },
  },
  axios: {
    program: begin(
      `(url, data) => api.request({ url, data, method: data ? 'POST' : 'GET' })
        .then(({ status }) => status, (error) => error.response?.status ?? String(error))`,
      "import { api } from './axios.ts'",
    ),
    async shown({ tabs: [tab] }) {
      // The token does not go to another host, not even by mistake.
      assert.equal(await tab?.evaluate("call('http://127.0.0.1:1/')"), 404)
    },
  },
  ky: {
    program: begin(
      `(path, json) => api(path, { method: json ? 'POST' : 'GET', json, throwHttpErrors: false })
        .then(({ status }) => status)`,
      "import { api } from './ky.ts'",
    ),
  },
}

test('they compile, and are short', { timeout: 300_000 }, (t) => {
  assert.equal(copyExamples(t, 'http://localhost:8787').compile(), '')
  for (const [file, text] of EXAMPLES) {
    const lines = text.split('\n').filter((line) => !/^\s*($|\/\/|\/\*|\*)/.test(line))
    assert.ok(lines.length < 60, `${file}: ${lines.length} lines`)
  }
})

test('React on a server does not know who is logged in', async (t) => {
  const code = await copyExamples(t, 'http://localhost:8787').bundle(`
    import { renderToString } from 'react-dom/server'
    import { App } from './react.tsx'
    console.log(renderToString(<App />))
    process.exit()`)
  // In a process of its own, since React's channel for messages would keep this one alive.
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module'], {
    input: code,
    encoding: 'utf8',
    timeout: 180_000,
  })
  assert.equal(stdout, '<p>One moment…</p>\n', stderr)
})

describe('in two tabs: login, reload, 401, another user, logout', () => {
  for (const [name, example] of Object.entries(examples))
    test(name, { timeout: 180_000 }, (t) => walk(t, example))
})
