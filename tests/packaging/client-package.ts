/** rekindle-client: installed alone into an empty project, compiled against, run and bundled. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFileSync, globSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import packageJson from '../../package.json' with { type: 'json' }
import { client, REVOCATIONS_TOKEN, realClock, SECRET, startService } from '../support/service.ts'
import { assertPublishable, compile, install, NODE_TYPES, pack, ROOT } from './packages.ts'

const CONSUMER = fileURLToPath(new URL('client-consumer.txt', import.meta.url))

/** Bundles a module for browsers. */
async function bundle(contents: string, resolveDir: string) {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    // What only pages with DPoP load is not counted.
    splitting: true,
    ...{ outdir: '.', chunkNames: '[name]' },
    write: false,
    metafile: true,
    // What the package says of itself does not count: it is looked at.
    ignoreAnnotations: true,
    logLevel: 'error',
  })
  return { code: Buffer.from(outputFiles[0]?.contents ?? []), inputs: Object.keys(metafile.inputs) }
}

const filesIn = (directory: string, pattern = '**') =>
  globSync(pattern, { cwd: directory, exclude: (name) => name === '.package-lock.json' })
    .filter((path) => statSync(join(directory, path)).isFile())
    .sort()

/** @param whole a project in which `rekindle` is installed. Its packing has built this package, too. */
export async function testClientPackage(t: TestContext, whole: string): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-client-package-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const packed = pack('./dist/rekindle-client', directory)
  const packages = install(directory, packed)
  const installed = join(directory, 'node_modules/rekindle-client')
  const read = (path: string) => readFileSync(join(installed, path), 'utf8')
  copyFileSync(CONSUMER, join(directory, 'consumer.ts'))

  await t.test('four packages and less than 1 MB are installed, without scripts', (t) => {
    const names = ['jose', 'openapi-fetch', 'openapi-typescript-helpers', 'rekindle-client']
    assert.deepEqual(
      Object.keys(packages),
      names.map((name) => `node_modules/${name}`),
    )
    assert.ok(Object.values(packages).every(({ hasInstallScript }) => hasInstallScript !== true))
    const modules = join(directory, 'node_modules')
    const size = filesIn(modules).reduce((sum, path) => sum + statSync(join(modules, path)).size, 0)
    t.diagnostic(`${size} bytes`)
    assert.ok(size > 100_000 && size < 1_000_000, `${size} bytes`)
  })

  await t.test('its version, licence and dependency are those of rekindle', () => {
    const { version, license, dependencies } = JSON.parse(read('package.json'))
    assert.equal(packed.id, `rekindle-client@${packageJson.version}`)
    assert.deepEqual([version, license], [packageJson.version, packageJson.license])
    assert.equal(
      version,
      JSON.parse(readFileSync(join(whole, 'node_modules/rekindle/package.json'), 'utf8')).version,
    )
    const { jose, 'openapi-fetch': fetching } = packageJson.dependencies
    assert.deepEqual(dependencies, { jose, 'openapi-fetch': fetching })
  })

  await t.test('has the page about the client as README, the licence, and no file without a use', () => {
    const readme = read('README.md')
    assert.match(readme, /^# rekindle-client\n\n/)
    assert.ok(readme.includes("from 'rekindle-client'"))
    // Pages of this repository are not in the package.
    assert.deepEqual(readme.match(/\]\((?!https?:|#).*?\)/g), null)
    assert.equal(read('LICENSE'), readFileSync(join(ROOT, 'LICENSE'), 'utf8'))
    const others = filesIn(installed).filter(
      (path) => !/^dist\/src\/(client|verify)\/[\w-]+(\.d\.ts|\.js)$/.test(path),
    )
    assert.deepEqual(others, ['LICENSE', 'README.md', 'dist/generated/types.d.ts', 'package.json'])
  })

  await t.test('publint and Are The Types Wrong have nothing to say', async () => {
    // It is deliberately ESM only. TypeScript's Node 10 resolution does not know `exports`, as `/verify` needs.
    const expected = ['CJSResolvesToESM node16-cjs', 'NoResolution node10']
    await assertPublishable(readFileSync(join(directory, packed.filename)), expected)
  })

  const page = { lib: ['es2022', 'dom'], types: [], target: 'es2022' }
  for (const [where, options] of Object.entries({
    'Node, nodenext': { ...NODE_TYPES, lib: ['es2022'], module: 'nodenext', target: 'es2022' },
    'a page, bundler': { ...page, module: 'esnext', moduleResolution: 'bundler' },
    'a page, node10': { ...page, module: 'esnext', moduleResolution: 'node10' },
  })) {
    await t.test(`compiles under strict with all declarations: ${where}`, () => {
      assert.equal(compile(directory, 'consumer.ts', options), '')
    })
  }

  await t.test('logs in, refreshes and logs out at a real service, in Node', async (t) => {
    const { url } = await startService(t, { logLevel: 'silent' })
    const program =
      "import { use } from './consumer.ts'; console.log(JSON.stringify(await use(process.argv[1])))"
    const args = ['--input-type=module', '--eval', program, url]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, timeout: 60_000 })
    assert.deepEqual(JSON.parse(stdout), ['ada', true, true, 'loggedOut', 'logout'])
  })

  await t.test('verifies access tokens of a real service, in Node', async (t) => {
    const { url } = await startService(t, { logLevel: 'silent' }, realClock)
    const { register, login } = client(url)
    await register()
    const { accessToken } = await login()
    const program = `
      import { createVerifier } from 'rekindle-client/verify'
      const [url, token, secret, feed] = process.argv.slice(1)
      const revocations = { url: url + '/revocations', token: feed }
      const verifier = createVerifier({ keys: { secret }, revocations })
      console.log((await verifier.verify(token)).type)
      verifier.close()`
    const args = [
      '--input-type=module',
      '--eval',
      program,
      url,
      accessToken,
      SECRET.toString(),
      REVOCATIONS_TOKEN,
    ]
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory, timeout: 60_000 })
    assert.equal(stdout, 'access\n')
  })

  await t.test('can be required, also by what does not read `exports`', async () => {
    for (const specifier of ['rekindle-client', installed]) {
      const program = `console.log(Object.keys(require(${JSON.stringify(specifier)})).join())`
      const args = ['--input-type=commonjs', '--eval', program]
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: directory })
      assert.equal(stdout, 'RefreshError,createClient,createSession,memoryStorage,webStorage\n', specifier)
    }
  })

  await t.test('bundled for a browser, all of it is under 6 kB, minified and gzipped', async (t) => {
    const { code, inputs } = await bundle("export * from 'rekindle-client'", directory)
    const size = gzipSync(code, { level: 9 }).length
    t.diagnostic(`${size} bytes`)
    assert.ok(size > 1000 && size < 6000, `${size} bytes`)
    assert.deepEqual(
      inputs.filter((input) => !/(^|\/)rekindle-client\/dist\/src\/client\/|^<stdin>$/.test(input)),
      [],
    )
  })

  await t.test('does nothing when it is imported, and bundlers may know it', async () => {
    assert.equal(JSON.parse(read('package.json')).sideEffects, false)
    const { code } = await bundle("import 'rekindle-client'", directory)
    assert.equal(code.toString(), '')
  })

  await t.test('is the code of rekindle/client', async () => {
    const [own, other] = await Promise.all([
      bundle("export * from 'rekindle-client'", directory),
      bundle("export * from 'rekindle/client'", whole),
    ])
    assert.equal(own.code.toString(), other.code.toString())
    const compiled = filesIn(installed, 'dist/**')
    assert.ok(compiled.length > 25)
    // Only the examples in comments import the one or the other.
    for (const path of compiled) {
      const text = readFileSync(join(whole, 'node_modules/rekindle', path), 'utf8')
      const renamed = text
        .replaceAll("from 'rekindle/client'", "from 'rekindle-client'")
        .replaceAll("from 'rekindle/verify'", "from 'rekindle-client/verify'")
      assert.equal(read(path), renamed, path)
    }
  })
}
