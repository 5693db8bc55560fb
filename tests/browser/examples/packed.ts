/** The examples of the documentation as somebody copies them: compiled with their libraries, with the address of a service. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { BuildOptions } from 'esbuild'
import { build } from 'esbuild'
import { installPackages } from '../../support/install-packages.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const CLIENT = join(root, 'src/client/index.ts')

export const EXAMPLES: ReadonlyMap<string, string> = new Map(
  readdirSync(join(root, 'docs/examples')).map((file) => [
    file,
    readFileSync(join(root, 'docs/examples', file), 'utf8'),
  ]),
)

/** As in the projects of frontends, with all that `strict` leaves out */
const compilerOptions = {
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitReturns: true,
  noUnusedLocals: true,
  verbatimModuleSyntax: true,
  skipLibCheck: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2023', 'dom', 'dom.iterable'],
  types: [],
  module: 'preserve',
  moduleResolution: 'bundler',
  allowImportingTsExtensions: true,
  jsx: 'react-jsx',
  paths: { 'rekindle-client': [CLIENT] },
}

export interface Examples {
  /** Where they are. What is imported from here are their libraries */
  readonly directory: string
  /** @returns what the compiler says */
  compile(): string
  /** Bundles a program that imports from the examples, beside which it stands. */
  bundle(program: string, options?: BuildOptions): Promise<string>
  /** A module for Node, in a file */
  module(name: string): Promise<string>
}

/** @param url of the service @param api of another origin */
export function copyExamples(t: Pick<TestContext, 'after'>, url: string, api = ''): Examples {
  const directory = mkdtempSync(join(installPackages(new URL('.', import.meta.url), 'examples'), 'run-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  for (const [file, text] of EXAMPLES) {
    const here = text.replaceAll('http://localhost:8787', url).replaceAll('https://api.example.com', api)
    writeFileSync(join(directory, file), here)
  }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*'] }))

  async function bundle(program: string, options: BuildOptions = {}): Promise<string> {
    const { outputFiles } = await build({
      stdin: { contents: program, resolveDir: directory, loader: 'tsx' },
      alias: { 'rekindle-client': CLIENT },
      define: { 'process.env.NODE_ENV': '"production"' },
      bundle: true,
      format: 'esm',
      platform: 'browser',
      jsx: 'automatic',
      ...options,
      write: false,
    })
    const [output] = outputFiles
    assert.ok(output !== undefined)
    return output.text
  }

  return {
    directory,
    compile() {
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const { stdout, error } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
      if (error) throw error
      return stdout
    },
    bundle,
    async module(name) {
      const code = await bundle(`export * from './${name}'`, {
        platform: 'node',
        external: ['hono', '@hono/*'],
      })
      const own = mkdtempSync(join(directory, 'module-'))
      writeFileSync(join(own, 'module.mjs'), code)
      return join(own, 'module.mjs')
    },
  }
}
