/** `npm run enumeration -- --pairs 2000 --seed 1` */
import { parseArgs } from 'node:util'
import { FULL_COST } from '../../support/service.ts'
import { enumerate } from './run.ts'

const { values } = parseArgs({ options: { pairs: { type: 'string' }, seed: { type: 'string' } } })
const pairs = Number(values.pairs ?? 2000)
const seed = Number(values.seed ?? 1)
console.log(`${pairs} pairs of logins each, seed ${seed}: medians of`)

const rows = [
  { what: 'hashes as new ones are', cost: FULL_COST, limit: 0.05 },
  // What is added to such a hash is memory of its own, which the system may be slow to give.
  { what: 'hashes of before the setting rose', cost: { ...FULL_COST, iterations: 3 }, limit: 0.25 },
]
for (const { what, cost, limit } of rows) {
  const endings: (() => unknown)[] = []
  const t = { after: (end: () => unknown) => void endings.push(end) }
  const { unknownUser, wrongPassword, difference } = await enumerate(t, { pairs, seed, cost })
  for (const end of endings) await end()
  console.log(
    `  ${what}: unknown user ${unknownUser.toFixed(2)} ms, wrong password ${wrongPassword.toFixed(2)} ms`,
  )
  console.log(`    they differ by ${(100 * difference).toFixed(2)} %`)
  if (difference < limit) continue
  console.error(`    more than ${100 * limit} %`)
  process.exitCode = 1
}
