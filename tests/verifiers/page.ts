/** The code of `docs/access-tokens.md`, as it stands there but for the address of the service and the algorithm. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { blocksOf, pageAt, ROOT } from '../docs/pages.ts'
import { temporaryDirectory } from '../docs/walk.ts'
import type { Cleanup } from '../support/cleanup.ts'
import { ISSUER } from './service.ts'

/** @returns the user of a token, or undefined if the token is refused */
export type Verifier = (token: string) => Promise<string | undefined>

/** A block of code of a part of the page. */
export function codeOf(heading: string, language: string, index = 0): string {
  const [, part = ''] = pageAt('docs/access-tokens.md').split(`\n### ${heading}\n`)
  const code = blocksOf(part.split('\n### ')[0] ?? '', language)[index]
  assert.ok(code !== undefined, `the page has no ${language} for ${heading}`)
  return code
}

/** Writes a module that finds the packages of this repository. @returns its path */
export function writeModule(t: Cleanup, code: string, name = 'snippet.mjs'): string {
  const directory = temporaryDirectory(t)
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction')
  const file = join(directory, name)
  writeFileSync(file, code)
  return file
}

/** Code of the page for a service and an algorithm. */
export const codeFor = (code: string, url: string, algorithm = 'ES256') =>
  code.replaceAll(ISSUER, url).replaceAll('ES256', algorithm)

/** Loads a module that exports `userOf`, or an app of Hono or Express. */
export async function loadVerifier(t: Cleanup, code: string): Promise<Verifier> {
  const { userOf, default: app } = await import(pathToFileURL(writeModule(t, code)).href)
  if (app === undefined) {
    return async (token) => {
      try {
        return await userOf(token)
      } catch {
        return undefined
      }
    }
  }
  if (typeof app.request === 'function') return (token) => userFrom(app.request('/things', withBearer(token)))
  // Express writes refusals to the console otherwise.
  app.set('env', 'test')
  const server = createServer(app).listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  const { port } = server.address() as AddressInfo
  return (token) => userFrom(fetch(`http://127.0.0.1:${port}/things`, withBearer(token)))
}

export const withBearer = (token: string) => ({ headers: { Authorization: `Bearer ${token}` } })

/** The user that an API answers with; undefined if it answers 401. */
export async function userFrom(answer: Response | Promise<Response>): Promise<string | undefined> {
  const response = await answer
  const text = await response.text()
  if (response.status === 401) return undefined
  assert.equal(response.status, 200, text)
  return /things of user (\S+)/.exec(text)?.[1]
}
