/** The packages: the tarballs that npm makes are installed into empty projects, compiled against and run. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startProgram } from '../support/program.ts'
import { client, startService } from '../support/service.ts'
import { testClientPackage } from './client-package.ts'
import { assertPublishable, compile, install, NODE_TYPES, pack, ROOT as root } from './packages.ts'

const CONSUMER = fileURLToPath(new URL('consumer.txt', import.meta.url))

test('the package', { timeout: 300_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-package-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const inProject = { cwd: directory, encoding: 'utf8' } as const
  const before = execFileSync('git', ['status', '--short'], { cwd: root, encoding: 'utf8' })
  const packed = pack('.', directory)

  await t.test('all of src/ is in it, what only a thread reads too', () => {
    const names = packed.files.map(({ path }) => path)
    const sources = globSync('src/{*,*/*,*/*/*}.ts', { cwd: root })
    assert.ok(sources.length > 50)
    const missing = sources.filter((source) => !names.includes(`dist/${source.replace(/\.ts$/, '.js')}`))
    assert.deepEqual(missing, [])
  })

  await t.test('the build leaves nothing outside of dist/', () => {
    assert.equal(execFileSync('git', ['status', '--short'], { cwd: root, encoding: 'utf8' }), before)
  })

  await t.test('holds what is built, and nothing else', () => {
    const outside = packed.files.map(({ path }) => path).filter((path) => !path.startsWith('dist/'))
    assert.ok(packed.files.every(({ path }) => !path.startsWith('dist/rekindle-client')))
    assert.deepEqual(outside.sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
    assert.deepEqual(
      packed.files.filter(({ path }) => /(?<!\.d)\.ts$/.test(path)),
      [],
    )
    const command = packed.files.find(({ path }) => path.endsWith('/rekindle.js'))
    assert.equal(command?.mode.toString(8), '755')
  })

  await t.test('publint and Are The Types Wrong have nothing to say', async () => {
    // It is deliberately ESM only. TypeScript's Node 10 resolution does not know `exports`.
    const expected = ['NoResolution node10', 'CJSResolvesToESM node16-cjs']
    await assertPublishable(readFileSync(join(directory, packed.filename)), expected)
  })

  const packages = install(directory, packed)

  await t.test('brings no script that runs at installation, and no tools', () => {
    const installed = Object.entries(packages)
    assert.deepEqual(
      installed.filter(([, { hasInstallScript }]) => hasInstallScript),
      [],
    )
    const names = installed.map(([path]) => path.replace(/^.*node_modules\//, ''))
    for (const tool of ['typescript', 'node', 'swagger-ui-dist', '@scarf/scarf'])
      assert.ok(!names.includes(tool), tool)
  })

  copyFileSync(CONSUMER, join(directory, 'consumer.ts'))
  for (const [moduleResolution, module] of [
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ]) {
    await t.test(`compiles under strict, with moduleResolution ${moduleResolution}`, () => {
      const options = { ...NODE_TYPES, skipLibCheck: true, target: 'es2024', module, moduleResolution }
      assert.equal(compile(directory, 'consumer.ts', options), '')
    })
  }

  const environment = { ...process.env, NODE_ENV: 'development', PORT: '0', LOG_LEVEL: 'error' }

  await t.test('is embedded', () => {
    const env = { ...environment, DATABASE_URL: 'sqlite:./embedded/rekindle.db' }
    const { stdout, stderr } = spawnSync(process.execPath, ['consumer.ts'], { ...inProject, env })
    assert.equal(`${stderr}${stdout}`, 'ada text/css\n')
  })

  await t.test('is served by the command, registers, logs in and refreshes', async (t) => {
    const env = { ...environment, DATABASE_URL: 'sqlite:./served/rekindle.db' }
    const url = await startProgram(
      t,
      ['npx', 'rekindle', 'serve'],
      { cwd: directory, env },
      /listens on {2}(http:\S+)/,
    )
    const { register, login, refresh, request } = client(url)
    assert.equal((await register()).username, 'ada')
    const { refreshToken } = await login()
    const { body } = await refresh(refreshToken)
    assert.equal(body.data.message, 'Access token refreshed successfully')
    assert.equal((await request('/docs/swagger-ui-bundle.js')).status, 200)
    assert.equal((await request('/docs/docs.css')).status, 200)
    const contract = JSON.parse(readFileSync(join(root, 'generated/openapi.json'), 'utf8'))
    assert.deepEqual((await request('/openapi.json')).body.paths['/readyz'], contract.paths['/readyz'])
  })

  await t.test('rekindle-client', (t) => testClientPackage(t, directory))

  await t.test('checks a service by its command', async (t) => {
    const { url } = await startService(t)
    const command = spawn('npx', ['rekindle', 'conform', '--url', url], { cwd: directory, env: environment })
    const printed = Promise.all([text(command.stdout), text(command.stderr), once(command, 'close')])
    const [stdout, stderr] = await printed
    assert.match(stdout, /^login +200 +cookie +reached$/m)
    assert.match(stderr, /\d+ of \d+ documented responses reached, 12 of 18 rules hold\n$/)
    assert.equal(command.exitCode, 0)
  })

  await t.test('tells an old Node that it is too old', () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '22.17.1' })"
    const command = join(directory, 'node_modules/rekindle/dist/src/cli/rekindle.js')
    const told = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${pretend}`, command, 'secret'],
      inProject,
    )
    assert.equal(told.status, 1)
    assert.match(told.stderr, /^rekindle needs Node 22\.18 or newer, and this is v\S+\n$/)
  })
})
