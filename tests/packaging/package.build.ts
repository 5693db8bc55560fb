/** The package: the tarball that npm makes is installed into an empty project, compiled against and run. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { startProgram } from '../support/program.ts'
import { client, startService } from '../support/service.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const consumer = readFileSync(new URL('consumer.txt', import.meta.url), 'utf8')

interface Packed {
  readonly filename: string
  readonly files: readonly { readonly path: string; readonly mode: number }[]
}

test('the package', { timeout: 180_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-package-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const inProject = { cwd: directory, encoding: 'utf8' } as const
  const before = execFileSync('git', ['status', '--short'], { cwd: root, encoding: 'utf8' })
  const pack = ['pack', '--json', '--silent', '--pack-destination', directory]
  const [packed] = JSON.parse(execFileSync('npm', pack, { cwd: root, encoding: 'utf8' })) as Packed[]
  assert.ok(packed !== undefined)
  const tarball = readFileSync(join(directory, packed.filename))

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
    assert.deepEqual(outside.sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json'])
    assert.deepEqual(
      packed.files.filter(({ path }) => /(?<!\.d)\.ts$/.test(path)),
      [],
    )
    const command = packed.files.find(({ path }) => path.endsWith('/rekindle.js'))
    assert.equal(command?.mode.toString(8), '755')
  })

  await t.test('publint and Are The Types Wrong have nothing to say', async () => {
    const { messages } = await publint({ strict: true, pack: { tarball: Uint8Array.from(tarball).buffer } })
    assert.deepEqual(messages, [])
    const checked = await checkPackage(createPackageFromTarballData(Uint8Array.from(tarball)))
    // It is deliberately ESM only. TypeScript's Node 10 resolution does not know `exports`.
    const expected = ['NoResolution node10', 'CJSResolvesToESM node16-cjs']
    const problems = checked.types ? checked.problems : []
    const told = problems.map(
      (problem) => `${problem.kind} ${'resolutionKind' in problem && problem.resolutionKind}`,
    )
    assert.deepEqual(
      told.filter((problem) => !expected.includes(problem)),
      [],
    )
    assert.deepEqual(checked.types, { kind: 'included' })
  })

  writeFileSync(join(directory, 'package.json'), '{ "type": "module", "private": true }')
  execFileSync('npm', ['install', '--prefer-offline', '--loglevel=error', `./${packed.filename}`], inProject)

  await t.test('brings no script that runs at installation, and no tools', () => {
    const lock = JSON.parse(readFileSync(join(directory, 'package-lock.json'), 'utf8'))
    const installed = Object.entries<{ hasInstallScript?: boolean }>(lock.packages)
    assert.deepEqual(
      installed.filter(([, { hasInstallScript }]) => hasInstallScript),
      [],
    )
    const names = installed.map(([path]) => path.replace(/^.*node_modules\//, ''))
    for (const tool of ['typescript', 'node', 'swagger-ui-dist', '@scarf/scarf'])
      assert.ok(!names.includes(tool), tool)
  })

  writeFileSync(join(directory, 'consumer.ts'), consumer)
  for (const [moduleResolution, module] of [
    ['nodenext', 'nodenext'],
    ['bundler', 'esnext'],
  ]) {
    await t.test(`compiles under strict, with moduleResolution ${moduleResolution}`, () => {
      const compilerOptions = {
        strict: true,
        skipLibCheck: true,
        target: 'es2024',
        module,
        moduleResolution,
        resolveJsonModule: true,
        noEmit: true,
        types: ['node'],
        typeRoots: [join(root, 'node_modules/@types')],
      }
      writeFileSync(
        join(directory, 'tsconfig.json'),
        JSON.stringify({ compilerOptions, files: ['consumer.ts'] }),
      )
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const { stdout } = spawnSync(process.execPath, [tsc, '-p', directory], inProject)
      assert.equal(stdout, '')
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

  await t.test('checks a service by its command', async (t) => {
    const { url } = await startService(t)
    const command = spawn('npx', ['rekindle', 'conform', '--url', url], { cwd: directory, env: environment })
    const printed = Promise.all([text(command.stdout), text(command.stderr), once(command, 'close')])
    const [stdout, stderr] = await printed
    assert.match(stdout, /^login +200 +cookie +reached$/m)
    assert.match(stderr, /\d+ of \d+ documented responses reached, 11 of 16 rules hold\n$/)
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
