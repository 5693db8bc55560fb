/**
 * Kills the service, or PostgreSQL, under load, and checks that nothing was lost or undone:
 *
 *     npm run crash -- --kills 1000 --seed 7 --database postgres
 *
 * SIGTERM ends the run early, with all the checks.
 */
import { parseArgs } from 'node:util'
import { runToEnd } from '../support/cleanup.ts'
import type { Dialect } from '../support/database.ts'
import { runCampaign } from './campaign.ts'
import { report } from './figures.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    database: { type: 'string', default: 'sqlite' },
    // Milliseconds; more where other programs keep the machine busy
    'ready-within': { type: 'string', default: '3000' },
  },
})
const [kills, seed] = [Number(values.kills), Number(values.seed)]
const dialect: Dialect = values.database === 'postgres' ? 'postgres' : 'sqlite'
console.log(`${kills} kills on ${dialect}, --seed ${seed}`)

const stop = new AbortController()
process.once('SIGTERM', () => stop.abort())

await runToEnd(async (cleanup) => {
  const begun = performance.now()
  const figures = await runCampaign(cleanup, {
    kills,
    seed,
    dialect,
    signal: stop.signal,
    readyWithin: Number(values['ready-within']),
    progress(done, { acknowledged, unknown }) {
      if (done % 10 !== 0) return
      console.log(`${done} kills: ${acknowledged.total} acknowledged, ${unknown.total} unknown outcomes`)
    },
  })
  console.log(
    `${report(figures)}\n${Math.round((performance.now() - begun) / 1000)} s, nothing lost or undone`,
  )
})
