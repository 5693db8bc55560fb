/** What npm does without a word when packages are added, and what then fails on other machines. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Locked {
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly hasInstallScript?: boolean
}

const root = new URL('../../', import.meta.url)
const read = (path: string) => JSON.parse(readFileSync(new URL(path, root), 'utf8'))
const packages = Object.entries<Locked>(read('package-lock.json').packages).filter(([path]) => path !== '')
const nameOf = (path: string) => path.replace(/^.*node_modules\//, '')

test('the lock file has the binaries of all platforms', () => {
  const locked = new Set(packages.map(([path]) => nameOf(path)))
  for (const [path, { optionalDependencies = {} }] of packages) {
    for (const name of Object.keys(optionalDependencies)) {
      assert.ok(locked.has(name), `${path} may need ${name} elsewhere: take a release that has it`)
    }
  }
})

test('for each script that may run at installation it is written down whether it may', () => {
  const { allowScripts } = read('package.json')
  for (const [path, { hasInstallScript }] of packages) {
    const manifest = existsSync(new URL(`${path}/package.json`, root)) ? read(`${path}/package.json`) : {}
    const { preinstall, install, postinstall } = manifest.scripts ?? {}
    // npm makes an installation script of this file.
    const compiles = existsSync(new URL(`${path}/binding.gyp`, root))
    if (hasInstallScript || compiles || (preinstall ?? install ?? postinstall)) {
      assert.ok(nameOf(path) in allowScripts, `allowScripts in package.json does not name ${nameOf(path)}`)
    }
  }
})
