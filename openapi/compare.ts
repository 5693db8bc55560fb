/**
 * Compares the contract with the last released one and prints what changed for clients. Fails when the breaking changes are
 * not exactly those of `accepted-changes.txt`.
 *
 *     node openapi/compare.ts [BEFORE AFTER ACCEPTED]
 */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { compareAccepted, readAccepted } from './accepted.ts'
import { compareContracts } from './judge.ts'

interface Contract extends Record<string, unknown> {
  readonly info: { readonly version: string }
}

const inRepository = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const read = (path: string): Contract => JSON.parse(readFileSync(path, 'utf8')) as Contract

const [
  beforePath,
  afterPath = inRepository('../generated/openapi.json'),
  acceptedPath = inRepository('accepted-changes.txt'),
] = process.argv.slice(2)
const current = read(afterPath)
const { version } = current.info
const releasedPath = beforePath ?? inRepository(`released/${version}.json`)

function compare(): void {
  const changes = compareContracts(read(releasedPath), current).map((change) => ({
    ...change,
    text: `${change.where}: ${change.what}`,
  }))
  for (const { breaking, text } of changes) console.log(`${breaking ? 'breaking  ' : 'compatible'}  ${text}`)
  const broken = changes.filter(({ breaking }) => breaking).map(({ text }) => text)
  console.log(`${changes.length} changes of the contract since ${version}, ${broken.length} of them breaking`)

  const { unknown, gone } = compareAccepted(broken, readAccepted(readFileSync(acceptedPath, 'utf8')))
  for (const change of unknown)
    console.error(`breaking, and not in openapi/accepted-changes.txt with a reason: ${change}`)
  for (const change of gone) console.error(`in openapi/accepted-changes.txt, but no such change: ${change}`)
  if (unknown.length + gone.length > 0) process.exitCode = 1
}

if (existsSync(releasedPath)) compare()
else {
  // A raised version must not hide what is breaking.
  console.error(`${version} was not released: only \`npm run release\` raises the version of the contract`)
  process.exitCode = 1
}
