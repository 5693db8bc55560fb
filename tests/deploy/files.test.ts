/** What the Dockerfile, the compose file and the systemd unit say about the rest of the repository. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { FROM_FILE, NAMES } from '../../src/config/environment.ts'
import { readSettings } from '../../src/config/settings.ts'
import { pageAt, ROOT } from '../docs/pages.ts'

const dockerfile = pageAt('Dockerfile')
const compose = pageAt('compose.yaml')
const unit = pageAt('docs/deploy/rekindle@.service')

test('the image has the Node that the tests have', () => {
  assert.equal(/^ARG NODE_VERSION=(\S+)$/m.exec(dockerfile)?.[1], packageJson.devDependencies.node)
})

test('what the Dockerfile copies is there, and is all that a builder sees', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names = '']) =>
    names.split(' '),
  )
  for (const path of copied) assert.ok(existsSync(join(ROOT, path)), path)
  const [first, ...seen] = pageAt('.dockerignore')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
  assert.equal(first, '*')
  assert.deepEqual(seen.map((line) => line.slice(1)).sort(), copied.sort())
})

test('each variable that they set is a setting', () => {
  // And one of SQLite's
  const settings = [...NAMES, ...FROM_FILE.map((name) => `${name}_FILE`), 'SQLITE_TMPDIR']
  const [, inImage = ''] = /^ENV ((?:.*\\\n)*.*)$/m.exec(dockerfile) ?? []
  const [, inCompose = ''] = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(compose) ?? []
  const inUnit = [...unit.matchAll(/^Environment=(.*)$/gm)].map(([, line]) => line).join(' ')
  for (const text of [inImage, inCompose, inUnit]) {
    const names = [...text.matchAll(/\b([A-Z][A-Z_]+)(?==|:)/g)].map(([, name = '']) => name)
    assert.ok(names.length > 2)
    for (const name of names) assert.ok(settings.includes(name), name)
  }
})

test('each waits longer for the end than a production service takes', () => {
  const { drain } = readSettings({ NODE_ENV: 'production' })
  // 7 s for running requests: STOP_TIMEOUT of src/cli/serve.ts
  const least = drain / 1000 + 7
  for (const [text, pattern] of [
    [compose, /stop_grace_period: (\d+)s/],
    [unit, /TimeoutStopSec=(\d+)/],
    [pageAt('docs/deployment.md'), /--stop-timeout (\d+)/],
  ] as const)
    assert.ok(Number(pattern.exec(text)?.[1]) > least, String(pattern))
})
