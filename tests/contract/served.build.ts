/** The document that a service gives out differs from the file: other people's tools have to read it, too. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createClient } from '@hey-api/openapi-ts'
import { Hono } from 'hono'
import openapiTS, { astToString } from 'openapi-typescript'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { startProgram } from '../support/program.ts'
import { override, PASSWORD, startService } from '../support/service.ts'
import { installGenerators } from './generators/install.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** A service below a path, without administration, and a copy of its document. */
async function serve(t: TestContext) {
  const service = await startService(t)
  override(service.core, { adminToken: undefined })
  await service.register()
  const outer = new Hono().mount('/below', createApp(service.core).fetch)
  const address = { host: '127.0.0.1', port: 0 }
  const listener = await listen(outer as unknown as ReturnType<typeof createApp>, address)
  t.after(() => listener.close(1000))
  const url = `${listener.url}/below/openapi.json`
  // There the generated clients find their runtimes.
  const installed = installGenerators()
  const directory = mkdtempSync(join(installed, 'served-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'openapi.json')
  writeFileSync(file, await (await fetch(url)).text())
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  return { url, file, directory, installed }
}

function run(directory: string, ...command: string[]): void {
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: directory,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
}

test('linters, the mock and generators take the served document', { timeout: 600_000 }, async (t) => {
  const { url, file, directory, installed } = await serve(t)
  const module = (path: string) => join(root, 'node_modules', path)

  await t.test('Redocly and Spectral', () => {
    // With this ruleset, nothing may be left that only administration has used.
    writeFileSync(join(directory, 'redocly.yaml'), 'telemetry: off\nextends: [recommended-strict]\n')
    run(directory, module('@redocly/cli/bin/cli.js'), 'lint', file)
    writeFileSync(join(directory, 'spectral.yaml'), 'extends: spectral:oas\nrules: { info-contact: off }\n')
    const spectral = module('@stoplight/spectral-cli/dist/index.js')
    run(directory, spectral, 'lint', file, '-r', join(directory, 'spectral.yaml'), '--fail-severity=hint')
  })

  await t.test('Prism', async (t) => {
    const prism = module('@stoplight/prism-cli/dist/index.js')
    const command = [process.execPath, prism, 'mock', file, '--port', '0'] as const
    const mock = await startProgram(t, command, { cwd: directory }, /listening on (http:\S+)/)
    assert.equal((await fetch(`${mock}/livez`)).status, 200)
  })

  await t.test('openapi-typescript', async () => {
    assert.match(astToString(await openapiTS(new URL(url))), /"\/api\/auth\/login": \{/)
  })

  await t.test('Hey API', async () => {
    const path = join(directory, 'hey-api')
    await createClient({ input: url, output: path, logs: { level: 'silent' } })
  })

  await t.test('oazapfts, whose client keeps the address', async () => {
    run(directory, join(installed, 'node_modules/oazapfts/dist/cli.js'), file, 'api.ts')
    // Node strips no types below node_modules.
    const source = readFileSync(join(directory, 'api.ts'), 'utf8')
    writeFileSync(join(directory, 'api.js'), stripTypeScriptTypes(source, { mode: 'transform' }))
    const { defaults, login } = await import(pathToFileURL(join(directory, 'api.js')).href)
    // In a browser this is relative to the page. Elsewhere a client has to be told.
    assert.equal(defaults.baseUrl, '.')
    defaults.baseUrl = new URL(defaults.baseUrl, url).href.replace(/\/$/, '')
    defaults.fetch = fetch
    const { status } = await login({ username: 'ada', password: PASSWORD })
    assert.equal(status, 200)
  })
})
