/** A short campaign; run.ts makes long ones. */
import { test } from '../support/database.ts'
import { runCampaign } from './campaign.ts'
import { report } from './figures.ts'

const KILLS = 10
const SEED = Number(process.env['CRASH_SEED'] ?? 20261122)

test(`${KILLS} kills under load lose and undo nothing, CRASH_SEED=${SEED}`, async (t) => {
  if (process.platform === 'win32') return t.skip('there is no SIGKILL on Windows')
  // Other tests run beside it: a long campaign insists on 3 seconds.
  const options = { kills: KILLS, seed: SEED, dialect: t.dialect, readyWithin: 15_000 }
  const figures = await runCampaign(t, options)
  for (const line of report(figures).split('\n')) t.diagnostic(line)
})
