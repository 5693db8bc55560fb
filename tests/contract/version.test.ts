/** The package, its lock file, the contract, the command and the service have one version: that of the last release. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import packageJson from '../../package.json' with { type: 'json' }
import { startService } from '../support/service.ts'

const at = (path: string) => new URL(`../../${path}`, import.meta.url)
const read = (path: string) => readFileSync(at(path), 'utf8')
const { version } = packageJson

test('one version', async (t) => {
  const lock = JSON.parse(read('package-lock.json'))
  const { request } = await startService(t)
  const served = await request('/openapi.json')
  assert.deepEqual(
    {
      lock: lock.version,
      root: lock.packages[''].version,
      contract: /^ {2}version: (.+)$/m.exec(read('openapi/openapi.yaml'))?.[1],
      generated: JSON.parse(read('generated/openapi.json')).info.version,
      older: JSON.parse(read('generated/openapi-3.0.json')).info.version,
      served: served.body.info.version,
    },
    {
      lock: version,
      root: version,
      contract: version,
      generated: version,
      older: version,
      served: version,
    },
  )
})

test('it is released: its contract is kept, and is the one with this version', () => {
  assert.ok(existsSync(at(`openapi/released/${version}.json`)))
  for (const path of globSync('openapi/released/*.json', { cwd: at('.') })) {
    const { info } = JSON.parse(read(path))
    assert.equal(path, `openapi/released/${info.version}.json`)
  }
})

test('pages name the package with this version', () => {
  const pages = ['README.md', ...globSync('docs/*.md', { cwd: at('.') })]
  const named = pages.flatMap((page) => read(page).match(/rekindle-[\d.]+\.tgz/g) ?? [])
  assert.ok(named.length > 1)
  assert.deepEqual([...new Set(named)], [`rekindle-${version}.tgz`])
})
