/**
 * Compares the contract with the last released one and prints what changed for clients. Fails on breaking changes unless
 * the version was raised accordingly: the major version, or the minor version of 0.x.
 *
 *     node openapi/compare.ts [BEFORE AFTER]
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compareContracts } from './judge.ts'

interface Contract extends Record<string, unknown> {
  readonly info: { readonly version: string }
}

const inRepository = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const read = (path: string): Contract => JSON.parse(readFileSync(path, 'utf8')) as Contract

/** Semantic Versioning 2.0.0, §4 and §8 */
function saysBreaking(before: string, after: string): boolean {
  const [oldMajor = 0, oldMinor = 0] = before.split('.').map(Number)
  const [major = 0, minor = 0] = after.split('.').map(Number)
  return major > oldMajor || (oldMajor === 0 && minor > oldMinor)
}

const [before = inRepository('released/openapi.json'), after = inRepository('../generated/openapi.json')] =
  process.argv.slice(2)
const [released, current] = [read(before), read(after)]
const changes = compareContracts(released, current)
for (const { breaking, where, what } of changes) {
  console.log(`${breaking ? 'breaking  ' : 'compatible'}  ${where}: ${what}`)
}
const broken = changes.filter(({ breaking }) => breaking).length
console.log(
  `${changes.length} changes of the contract since ${released.info.version}, ${broken} of them breaking`,
)
if (broken > 0 && !saysBreaking(released.info.version, current.info.version)) {
  console.error(`${current.info.version} is too low for that: raise the version in openapi/openapi.yaml`)
  process.exitCode = 1
}
