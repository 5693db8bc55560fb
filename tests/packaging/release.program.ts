/** `npm run release` in a copy of this checkout: when it is refused. `release.build.ts` has the release itself. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { breakingKind, raise, unreleased, withRelease, withVersion } from '../../.ci/release-files.ts'
import packageJson from '../../package.json' with { type: 'json' }
import type { Checkout } from './checkout.ts'
import { startCheckout } from './checkout.ts'

const FROM = packageJson.version
const KIND = breakingKind(FROM)
const TO = raise(FROM, KIND)
const ARGS = [KIND, '--skip-checks']
const ACCEPTED = '# About this list\n\n# Nobody used it.\ncontract: GET /odd removed\n'

const file = ({ directory }: Checkout, path: string) => join(directory, path)
const read = (checkout: Checkout, path: string) => readFileSync(file(checkout, path), 'utf8')

/** Writes a text and commits it. */
function put(checkout: Checkout, path: string, text: string): void {
  writeFileSync(file(checkout, path), text)
  checkout.git('commit', '--quiet', '--all', '--message', 'docs: something')
}

/** Each in a checkout of its own state, which is taken back afterwards: what is done before, what is asked, what is said */
const REFUSED: Readonly<
  Record<string, readonly [before: (checkout: Checkout) => void, args: readonly string[], says: RegExp]>
> = {
  'no kind': [() => {}, [], /^Usage: npm run release -- patch\|minor\|major/],
  'another kind': [() => {}, ['huge'], /^Usage/],
  'a version': [() => {}, ['0.2.0'], /^Usage/],
  'another option': [() => {}, ['minor', '--force'], /'--force'/],
  'another branch': [
    ({ git }) => git('switch', '--quiet', '--create', 'feature'),
    ARGS,
    /is feature, not main/,
  ],
  'no branch': [({ git }) => git('switch', '--quiet', '--detach'), ARGS, /is detached, not main/],
  'a changed file': [
    (checkout) => writeFileSync(file(checkout, 'README.md'), ''),
    ARGS,
    /not clean:\n *M README/,
  ],
  'an unknown file': [(checkout) => writeFileSync(file(checkout, 'odd'), ''), ARGS, /not clean:\n\?\? odd/],
  'no changes': [
    (checkout) => put(checkout, 'CHANGELOG.md', '# Changelog\n\n## [Unreleased]\n\n## [0.0.1]\n\n- All\n'),
    ARGS,
    /nothing under \[Unreleased\]/,
  ],
  'a version that hides breaking changes': [
    (checkout) => put(checkout, 'openapi/accepted-changes.txt', ACCEPTED),
    ['patch', '--skip-checks'],
    new RegExp(`1 breaking changes .* it needs a ${KIND} version`),
  ],
  'a list of accepted changes that cannot be read': [
    (checkout) => put(checkout, 'openapi/accepted-changes.txt', 'contract: GET /odd removed\n'),
    ARGS,
    /a change without a reason/,
  ],
  'a tag that exists': [({ git }) => git('tag', `v${TO}`, 'HEAD'), ARGS, /^The tag v\S+ exists\.$/m],
  'an interrupted release': [
    ({ git }) => {
      git('commit', '--quiet', '--allow-empty', '--message', 'release')
      git('tag', `v${TO}`)
      git('reset', '--quiet', '--hard', 'HEAD^')
    },
    ARGS,
    /interrupted at its end: `git reset --hard v/,
  ],
  'a commit that is released': [({ git }) => git('tag', 'v0.0.7', 'HEAD'), ARGS, /is a release already/],
  'a check that fails': [
    (checkout) =>
      put(
        checkout,
        'package.json',
        read(checkout, 'package.json').replace(/"test": ".*"/, '"test": "exit 3"'),
      ),
    [KIND],
    /^Not released, and nothing was changed: Command failed: npm run test/,
  ],
  'versions that differ': [
    (checkout) =>
      put(
        checkout,
        'openapi/openapi.yaml',
        read(checkout, 'openapi/openapi.yaml').replace(`version: ${FROM}`, 'version: 7.0.0'),
      ),
    ARGS,
    /openapi.yaml has the version 0 times, not 1/,
  ],
}

test('a refusal changes nothing', async (t) => {
  const checkout = startCheckout(t)
  const start = checkout.git('rev-parse', 'HEAD')
  for (const [name, [before, args, says]] of Object.entries(REFUSED)) {
    before(checkout)
    const state = checkout.state()
    const { status, stderr } = await checkout.release(args)
    assert.equal(status, 1, name)
    assert.match(stderr, says, name)
    assert.deepEqual(checkout.state(), state, name)
    checkout.git('switch', '--quiet', '--force', '-C', 'main', start)
    checkout.git('clean', '--quiet', '--force')
    for (const tag of checkout.git('tag').split('\n').filter(Boolean)) checkout.git('tag', '--delete', tag)
  }
})

test('what a release writes', () => {
  assert.deepEqual(
    (['patch', 'minor', 'major'] as const).map((kind) => raise('1.9.3', kind)),
    ['1.9.4', '1.10.0', '2.0.0'],
  )
  const changelog = '# Changelog\n\n## [Unreleased]\n\n### Added\n\n- A\n\n## [0.1.0] - 2026-01-01\n\n- B\n'
  assert.equal(unreleased(changelog), '### Added\n\n- A')
  assert.equal(unreleased('# Changelog\n'), '')
  assert.match(
    withRelease(changelog, '0.2.0', '2026-02-02'),
    /\[Unreleased\]\n\n## \[0.2.0\] - 2026-02-02\n\n### Added/,
  )
  const other = '{\n  "version": "0.1.0",\n  "x": {\n    "version": "0.1.0"\n  }\n}\n'
  assert.equal(withVersion('package.json', other, '0.1.0', '0.2.0').match(/0\.2\.0/g)?.length, 1)
  assert.throws(() => withVersion('package.json', '{}', '0.1.0', '0.2.0'), /has the version 0 times/)
})
