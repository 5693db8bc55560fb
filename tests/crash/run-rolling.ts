/** `npm run rolling -- --restarts 20 --rate 200 --database postgres`, see rolling.ts. */
import { parseArgs } from 'node:util'
import { runToEnd } from '../support/cleanup.ts'
import { runRolling } from './rolling.ts'
import { reportRolling } from './rolling-figures.ts'

const { values } = parseArgs({
  options: {
    restarts: { type: 'string', default: '20' },
    rate: { type: 'string', default: '200' },
    database: { type: 'string', default: 'sqlite' },
  },
})
const [restarts, rate] = [Number(values.restarts), Number(values.rate)]
const dialect = values.database === 'postgres' ? 'postgres' : 'sqlite'
console.log(`${restarts} restarts of two processes on ${dialect}, ${rate} refreshes per second`)

await runToEnd(async (cleanup) => {
  const figures = await runRolling(cleanup, {
    restarts,
    rate,
    dialect,
    progress: (done, { refreshes, retried }) =>
      console.log(`${done} restarts: ${refreshes} refreshes, ${retried} of them in more than one try`),
  })
  console.log(reportRolling(figures))
})
