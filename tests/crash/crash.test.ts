/** A short campaign; run.ts makes long ones. */
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { runCampaign } from './campaign.ts'
import { report } from './figures.ts'

const KILLS = effort(2, 40)
const SEED = Number(process.env['CRASH_SEED'] ?? 20261122)

test(`${KILLS} kills under load lose and undo nothing, CRASH_SEED=${SEED}`, async (t) => {
  if (t.dialect === 'postgres' && effort(true, false))
    return t.skip('it starts servers of its own: npm run test:long')
  if (process.platform === 'win32') return t.skip('there is no SIGKILL on Windows')
  // Other tests run at the same time, on any machine: a campaign by itself requires 3 seconds.
  const options = { kills: KILLS, seed: SEED, dialect: t.dialect, readyWithin: effort(60_000, 15_000) }
  const figures = await runCampaign(t, options)
  for (const line of report(figures).split('\n')) t.diagnostic(line)
})
