/** Clients that other generators make from the contract: they compile, and they log in and refresh at a real service. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createClient } from '@hey-api/openapi-ts'
import { generateSource } from 'oazapfts'
import { generateApi } from 'swagger-typescript-api'
import { checking } from '../support/check-response.ts'
import { PASSWORD, startService } from '../support/service.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const contract = join(root, 'generated/openapi.json')

interface Generator {
  readonly generate: (directory: string) => Promise<unknown>
  /** A program that logs in, refreshes and returns the new refresh token. It contains one mistake. */
  readonly program: string
}

interface Program {
  walk(url: string, password: string): Promise<string>
}

const generators: Readonly<Record<string, Generator>> = {
  'hey-api': {
    generate: (directory) =>
      createClient({
        input: contract,
        output: { path: join(directory, 'api'), importFileExtension: '.ts' },
        logs: { level: 'silent' },
        plugins: ['@hey-api/client-fetch', '@hey-api/typescript', '@hey-api/sdk'],
      }),
    program: `
      import { client } from './api/client.gen.ts'
      import { login, refreshToken } from './api/sdk.gen.ts'

      export async function walk(baseUrl: string, password: string): Promise<string | undefined> {
        client.setConfig({ baseUrl })
        const opened = await login({ body: { username: 'ada', password } })
        if (opened.data === undefined) throw new Error(opened.error.message)
        const token = opened.data.data.refresh_token
        const refreshed = await refreshToken({ auth: ({ type }) => (type === 'http' ? token : undefined) })
        // @ts-expect-error
        refreshed.data?.data.nothing
        return refreshed.data?.data.refresh_token
      }`,
  },
  oazapfts: {
    generate: async (directory) => writeFileSync(join(directory, 'api.ts'), await generateSource(contract)),
    program: `
      import { defaults, login, refreshToken } from './api.ts'

      export async function walk(baseUrl: string, password: string): Promise<string | undefined> {
        defaults.baseUrl = baseUrl
        const opened = await login({ username: 'ada', password })
        if (opened.status !== 200) throw new Error(opened.data.message)
        const headers = { Authorization: 'Bearer ' + opened.data.data.refresh_token }
        const refreshed = await refreshToken({ headers })
        if (refreshed.status !== 200) throw new Error(refreshed.data.message)
        // @ts-expect-error
        refreshed.data.data.nothing
        return refreshed.data.data.refresh_token
      }`,
  },
  'swagger-typescript-api': {
    generate: (directory) =>
      generateApi({ input: contract, output: directory, fileName: 'api.ts', silent: true }),
    program: `
      import { Api } from './api.ts'

      export async function walk(baseUrl: string, password: string): Promise<string | undefined> {
        const { api, refreshToken } = new Api({ baseUrl })
        const opened = await api.login({ username: 'ada', password })
        const headers = { Authorization: 'Bearer ' + opened.data.data.refresh_token }
        const refreshed = await refreshToken.refreshToken({ headers })
        // @ts-expect-error
        refreshed.data.data.nothing
        return refreshed.data.data.refresh_token
      }`,
  },
}

const compilerOptions = {
  strict: true,
  skipLibCheck: true,
  target: 'es2022',
  lib: ['es2022', 'dom', 'dom.iterable'],
  types: [],
  module: 'nodenext',
  rewriteRelativeImportExtensions: true,
}

test('clients that other generators make', { timeout: 120_000 }, async (t) => {
  const service = await startService(t)
  await service.register()
  // Below node_modules, which a type check or lint at the same time ignores.
  const directory = mkdtempSync(join(root, 'node_modules/.rekindle-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  for (const [name, { generate, program }] of Object.entries(generators)) {
    mkdirSync(join(directory, name))
    await generate(join(directory, name))
    writeFileSync(join(directory, name, 'program.ts'), program)
  }
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions, include: ['*/**/*'], exclude: [] }),
  )
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
  assert.equal(stdout, '')

  // They all use the global `fetch`.
  const { fetch } = globalThis
  t.after(() => {
    globalThis.fetch = fetch
  })
  globalThis.fetch = checking(fetch)
  for (const name of Object.keys(generators)) {
    await t.test(name, async () => {
      const program: Program = await import(pathToFileURL(join(directory, name, 'program.js')).href)
      const refreshToken = await program.walk(service.url, PASSWORD)
      // The program returned the successor, which can be refreshed again.
      assert.equal((await service.refresh(refreshToken)).status, 200)
    })
  }
})
