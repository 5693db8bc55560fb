/**
 * Plants one fault after the other in a copy of the checkout, and runs the tests that are nearest to it: those that no
 * test notices show what is not tested.
 *
 *     npm run mutations -- --only deliveries
 */
import { rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { withCleanup } from '../support/cleanup.ts'
import { startServer, VARIABLE } from '../support/postgres/server.ts'
import { copyCheckout } from './copy.ts'
import type { Mutation } from './mutation.ts'
import { plant } from './mutation.ts'
import { mutations } from './mutations.ts'
import type { Result } from './run-tests.ts'
import { runTests } from './run-tests.ts'

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } })
const chosen = mutations.filter(({ file, why }) => `${file} ${why}`.includes(values.only))
if (chosen.length === 0) throw new Error(`no mutation has in its file or reason: ${values.only}`)

// Milliseconds for a test file, and how many times as long as without a fault it may take
const LEAST_PATIENCE = 60_000
const PATIENCE_FACTOR = 5

const unnoticed = await withCleanup(async (cleanup) => {
  const directory = copyCheckout()
  cleanup.after(() => rmSync(directory, { recursive: true, force: true }))
  const { child, url } = await startServer()
  cleanup.after(() => child.stdin?.end())
  process.env[VARIABLE] = url
  process.env['NODE_COMPILE_CACHE'] ??= join(tmpdir(), 'rekindle-compile-cache')
  process.once('SIGINT', () => process.exit(130))
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))

  const patience = new Map<string, number>()
  let failed = 0
  for (const mutation of chosen) {
    const begun = performance.now()
    const result = await tryOut(directory, mutation, patience)
    const seconds = ((performance.now() - begun) / 1000).toFixed(1)
    if (result.outcome === 'passed' || result.outcome === 'broken') failed++
    console.log(`${describe(result)} (${seconds} s)\n  ${mutation.file}: ${mutation.why}`)
  }
  return failed
})
console.log(`${chosen.length - unnoticed} passed, ${unnoticed} failed`)
process.exit(unnoticed > 0 ? 1 : 0)

type Outcome = Result | { readonly outcome: 'broken'; readonly file: string }

async function tryOut(
  directory: string,
  mutation: Mutation,
  patience: Map<string, number>,
): Promise<Outcome> {
  for (const file of mutation.tests.filter((name) => !patience.has(name))) {
    const begun = performance.now()
    const { outcome } = await runTests(directory, file, 10 * LEAST_PATIENCE)
    if (outcome !== 'passed') return { outcome: 'broken', file }
    patience.set(file, Math.max(LEAST_PATIENCE, PATIENCE_FACTOR * (performance.now() - begun)))
  }
  const path = join(directory, mutation.file)
  const { original, changed } = plant(mutation)
  writeFileSync(path, changed)
  try {
    for (const file of mutation.tests) {
      const result = await runTests(directory, file, patience.get(file) ?? LEAST_PATIENCE)
      if (result.outcome !== 'passed') return result
    }
    return { outcome: 'passed' }
  } finally {
    writeFileSync(path, original)
  }
}

function describe(result: Outcome): string {
  switch (result.outcome) {
    case 'passed':
      return 'NOT noticed'
    case 'broken':
      // It would notice everything.
      return `NOT tried: ${result.file} fails without a fault`
    case 'hung':
      return 'noticed: the tests hung'
    case 'failed':
      return `noticed: ${result.test}`
  }
}
