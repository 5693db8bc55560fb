/** `npm run release` to its end, and interrupted before that, in a copy of this checkout. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { breakingKind, raise, unreleased } from '../../.ci/release-files.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { Checkout } from './checkout.ts'
import { startCheckout } from './checkout.ts'

const FROM = packageJson.version
const KIND = breakingKind(FROM)
const TO = raise(FROM, KIND)
const ARGS = [KIND, '--skip-checks']

const file = ({ directory }: Checkout, path: string) => join(directory, path)
const read = (checkout: Checkout, path: string) => readFileSync(file(checkout, path), 'utf8')

const hook = (checkout: Checkout, name: string, script: string) =>
  writeFileSync(file(checkout, `.git/hooks/${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })

test('interrupted half-way, it leaves everything as it was; then it is made once', {
  timeout: 300_000,
}, async (t) => {
  const checkout = startCheckout(t)
  const state = checkout.state()
  const marker = file(checkout, '.git/marker')

  hook(checkout, 'pre-commit', 'exit 1')
  const refused = await checkout.release(ARGS)
  assert.match(refused.stderr, /^Not released, and nothing was changed: .*git commit/m)
  assert.deepEqual(checkout.state(), state)

  hook(checkout, 'pre-commit', `touch ${marker}; sleep 60`)
  const killed = await checkout.release(ARGS, () => existsSync(marker))
  assert.equal(killed.status, null)
  // What is left of a killed one is not in the way of the next.
  assert.deepEqual({ ...(checkout.state() as object), worktrees: 1 }, state)

  hook(checkout, 'pre-commit', '')
  hook(checkout, 'reference-transaction', '[ "$1" = prepared ] && grep -q refs/heads/main && exit 1; exit 0')
  const unmerged = await checkout.release(ARGS)
  assert.match(unmerged.stderr, /^Not released, and nothing was changed: .*git merge/m)
  assert.deepEqual({ ...(checkout.state() as object), worktrees: 1 }, state)
  hook(checkout, 'reference-transaction', '')

  const dry = await checkout.release([...ARGS, '--dry-run'])
  assert.equal(dry.status, 0, dry.stderr)
  assert.match(dry.stdout, new RegExp(`This would be ${TO}, after ${FROM}`))
  assert.deepEqual({ ...(checkout.state() as object), worktrees: 1 }, state)

  const { status, stdout, stderr } = await checkout.release(ARGS)
  assert.equal(status, 0, stderr)
  assert.match(stdout, new RegExp(`git push --atomic origin main v${TO}\n$`))
  await verify(checkout)
  const released = checkout.state()
  assert.match((await checkout.release(ARGS)).stderr, /is a release already/)
  assert.deepEqual(checkout.state(), released)
})

/** What the steps of CONTRIBUTING ask for */
async function verify(checkout: Checkout): Promise<void> {
  const { git } = checkout
  assert.equal(git('status', '--porcelain'), '')
  assert.equal(git('log', '--format=%s', '-2'), `chore(release): ${TO}\nfeat: everything`)
  assert.equal(git('rev-parse', `v${TO}^{commit}`), git('rev-parse', 'main'))
  assert.equal(git('cat-file', '-t', `v${TO}`), 'tag')
  const contract = read(checkout, 'generated/openapi.json')
  const versions = [
    JSON.parse(read(checkout, 'package.json')).version,
    JSON.parse(read(checkout, 'package-lock.json')).version,
    JSON.parse(read(checkout, 'package-lock.json')).packages[''].version,
    JSON.parse(contract).info.version,
  ]
  assert.deepEqual(versions, [TO, TO, TO, TO])
  assert.equal(read(checkout, `openapi/released/${TO}.json`), contract)
  assert.doesNotMatch(read(checkout, 'openapi/accepted-changes.txt'), /^[^#\n]/m)
  const changelog = read(checkout, 'CHANGELOG.md')
  assert.equal(unreleased(changelog), '')
  assert.match(
    changelog,
    new RegExp(`^## \\[Unreleased\\]\n\n## \\[${TO}\\] - \\d{4}-\\d\\d-\\d\\d\n\n###`, 'm'),
  )
  for (const kind of ['sqlite.sql', 'postgres.sql', 'sqlite.statements.json'])
    assert.ok(existsSync(file(checkout, `tests/store/schemas/${TO}.${kind}`)), kind)
  assert.doesNotMatch(read(checkout, 'docs/embedding.md'), new RegExp(`rekindle-${FROM}`))
}
