/** `npm run bench:verify -- --only followers --followers 10000 --database sqlite` */
import { parseArgs } from 'node:util'
import type { Cleanup } from '../../support/cleanup.ts'
import { runToEnd } from '../../support/cleanup.ts'
import type { Dialect } from '../../support/database.ts'
import { startServer, VARIABLE } from '../../support/postgres/server.ts'
import { measureBound } from './bound.ts'
import { memoryOf, verificationCost } from './cost.ts'
import { measureFollowers } from './followers.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    followers: { type: 'string', default: '10000' },
    database: { type: 'string', default: 'sqlite' },
    processes: { type: 'string', default: '1' },
  },
})
const dialect = values.database as Dialect
const followers = Number(values.followers)
const processes = Number(values.processes)

const ms = (time: number) => `${time.toFixed(0)} ms`
const percent = (share: number) => `${(share * 100).toFixed(0)} %`

/** Each prints what it has measured, and tells whether that is within its limit. */
const PARTS: Readonly<Record<string, (t: Cleanup) => Promise<boolean>>> = {
  async memory() {
    const bytes = memoryOf()
    console.log(`100,000 ended sessions in memory: ${(bytes / 1e6).toFixed(1)} MB`)
    return bytes < 10e6
  },
  async cost() {
    const cost = await verificationCost()
    console.log(`a verification: ${cost.toFixed(2)} times jose's own with a cached key`)
    return cost <= 1.1
  },
  async bound(t) {
    const { p50, p99, slowest } = await measureBound(t, dialect, {
      verifiers: 100,
      logouts: 50,
      processes,
    })
    console.log(
      `${dialect}, ${processes} of the service: from a logout to 100 verifiers: p50 ${ms(p50)}, p99 ${ms(p99)}, the slowest ${ms(slowest)}`,
    )
    return p99 < 250
  },
  async followers(t) {
    const { idle, busy, delay } = await measureFollowers(t, dialect, followers)
    console.log(
      `${dialect}, ${followers} followers of one process: ${percent(idle)} of a core without news, ${percent(busy)} with five endings a second; from the first follower to the last ${ms(delay)}`,
    )
    return busy < 0.5
  },
}

await runToEnd(async (t) => {
  if (dialect === 'postgres') process.env[VARIABLE] = (await startServer('--durable')).url
  for (const [name, measure] of Object.entries(PARTS).filter(([name]) => name === (values.only ?? name)))
    if (!(await measure(t))) throw new Error(`${name}: beyond its limit`)
})
