/**
 * A client in Go, by OpenAPI Generator from the OpenAPI 3.0 document: it compiles, `go vet` finds nothing, and it works with
 * a real service.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { finish, start } from '../support/program.ts'
import { PASSWORD, startService } from '../support/service.ts'
import { checkWalk } from './generators/generator.ts'
import { installGenerators } from './generators/install.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

// Debian's packages of Go. The client imports golang.org/x/oauth2 from there, so that no module proxy is needed.
const PACKAGES = '/usr/share/gocode'
const has = (command: string, parameter: string) => spawnSync(command, [parameter]).error === undefined
const missing = [
  ...(has('java', '-version') ? [] : ['java']),
  ...(has('go', 'version') ? [] : ['go']),
  ...(existsSync(join(PACKAGES, 'src/golang.org/x/oauth2')) ? [] : ['golang-golang-x-oauth2-dev']),
]
// In CI all are there, because .ci/run installs them.
const skip = missing.length > 0 && process.env['CI'] === undefined && `there is no ${missing.join(', ')}`

test('a client in Go', { skip, timeout: 600_000 }, async (t) => {
  const installed = installGenerators()
  const directory = mkdtempSync(join(installed, 'run-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const client = join(directory, 'src/rekindle')
  const program = join(directory, 'src/walk')
  mkdirSync(program, { recursive: true })
  const run = (command: string, ...parameters: string[]) => {
    const env = {
      ...process.env,
      GO111MODULE: 'off',
      GOFLAGS: '',
      GOPATH: [directory, PACKAGES].join(delimiter),
    }
    const { status, stdout, stderr } = spawnSync(command, parameters, {
      cwd: directory,
      env,
      encoding: 'utf8',
    })
    return { status, output: stdout + stderr }
  }

  const jar = join(installed, 'node_modules/@openapitools/openapi-generator-cli/bin/openapi-generator.jar')
  const contract = join(root, 'generated/openapi-3.0.json')
  const generate = ['generate', '-g', 'go-experimental', '-i', contract, '-o', client]
  const { status, output } = run('java', '-jar', jar, ...generate)
  assert.equal(status, 0, output)
  // In the place of a module: see PACKAGES.
  rmSync(join(client, 'go.mod'))

  const source = readFileSync(join(root, 'tests/contract/generators/walk.go'), 'utf8')
  writeFileSync(join(program, 'walk.go'), source.replace('// MISTAKE', 'refreshed.Data.Nothing()'))
  assert.match(run('go', 'build', 'walk').output, /refreshed\.Data\.Nothing undefined/)
  writeFileSync(join(program, 'walk.go'), source)
  for (const command of ['build', 'vet'])
    assert.deepEqual(run('go', command, 'rekindle', 'walk'), { status: 0, output: '' })
  assert.deepEqual(run('go', 'build', '-o', 'walked', 'walk'), { status: 0, output: '' })

  const service = await startService(t)
  const walk = await finish(start([service.url, 'ada', PASSWORD], {}, join(directory, 'walked')))
  assert.equal(walk.code, 0, walk.stderr)
  await checkWalk(service, JSON.parse(walk.stdout))
})
