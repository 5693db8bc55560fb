/** A short run; run-rolling.ts makes long ones. */
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import { runRolling } from './rolling.ts'
import { reportRolling } from './rolling-figures.ts'

test('restarts of one of two processes fail no refresh', async (t) => {
  if (t.dialect === 'postgres' && effort(true, false)) return t.skip('npm run test:long')
  const figures = await runRolling(t, { restarts: effort(1, 8), rate: 50, dialect: t.dialect })
  for (const line of reportRolling(figures).split('\n')) t.diagnostic(line)
})
