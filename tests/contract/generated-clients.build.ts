/** Clients that other generators make from the contract: they compile under `strict`, and they work with a real service. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { PASSWORD, startService } from '../support/service.ts'
import type { Generator, Program } from './generators/generator.ts'
import { checkWalk } from './generators/generator.ts'
import { heyApi } from './generators/hey-api.ts'
import { installGenerators } from './generators/install.ts'
import { kubb } from './generators/kubb.ts'
import { oazapfts } from './generators/oazapfts.ts'
import { openapiZodClient } from './generators/openapi-zod-client.ts'
import { orvalAxios, orvalFetch } from './generators/orval.ts'
import { rtkQuery } from './generators/rtk-query.ts'
import { swaggerTypescriptApi } from './generators/swagger-typescript-api.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

const generators: Readonly<Record<string, Generator>> = {
  'hey-api': heyApi,
  oazapfts,
  'swagger-typescript-api': swaggerTypescriptApi,
  'orval: fetch, zod, msw': orvalFetch,
  'orval: axios': orvalAxios,
  'kubb: axios, zod': kubb,
  'openapi-zod-client': openapiZodClient,
  'RTK Query': rtkQuery,
}
const directoryOf = (name: string) => name.replaceAll(/\W+/g, '-')

/** As in the projects of frontends. `exactOptionalPropertyTypes` is more than kubb and orval can stand. */
const compilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitReturns: true,
  skipLibCheck: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: [],
  module: 'preserve',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
}

test('clients that other generators make', { timeout: 600_000 }, async (t) => {
  const installed = installGenerators()
  const directory = mkdtempSync(join(installed, 'run-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const bins = [installed, root].map((at) => join(at, 'node_modules/.bin'))
  // kubb reports its use otherwise.
  const env = { ...process.env, DO_NOT_TRACK: '1', PATH: [...bins, process.env['PATH']].join(delimiter) }

  for (const [name, { files, commands, packages = {} }] of Object.entries(generators)) {
    const own = join(directory, directoryOf(name))
    mkdirSync(join(own, 'node_modules'), { recursive: true })
    for (const [as, target] of Object.entries(packages))
      symlinkSync(join(installed, 'node_modules', target), join(own, 'node_modules', as), 'junction')
    const contract = join(root, 'generated/openapi.json')
    for (const [file, text] of Object.entries(files))
      writeFileSync(join(own, file), text.replaceAll('CONTRACT', contract))
    for (const [command = '', ...parameters] of commands) {
      const words = parameters.map((word) => word.replace('CONTRACT', contract))
      const { status, stdout, stderr } = spawnSync(command, words, { cwd: own, env, encoding: 'utf8' })
      assert.equal(status, 0, `${name}: ${stdout}${stderr}`)
    }
  }
  const include = Object.keys(generators).map((name) => `${directoryOf(name)}/**/*.ts`)
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include, exclude: ['**/node_modules'] }),
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
  assert.equal(stdout, '')

  for (const name of Object.keys(generators)) {
    await t.test(name, async (t) => {
      const program = join(directory, directoryOf(name), 'program.mjs')
      await build({
        entryPoints: [program.replace('.mjs', '.ts')],
        outfile: program,
        bundle: true,
        packages: 'external',
        format: 'esm',
        logLevel: 'silent',
      })
      const service = await startService(t)
      const { walk }: Program = await import(pathToFileURL(program).href)
      await checkWalk(service, await walk(service.url, 'ada', PASSWORD))
    })
  }
})
