/** `npm run holders -- --runs 10000 [--seed 1] [--database sqlite|postgres]` */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { DIALECTS } from '../../support/database.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    database: { type: 'string' },
  },
})
const { runs, seed, database } = values
if (database !== undefined && !DIALECTS.some((dialect) => dialect === database)) {
  throw new TypeError(`--database ${DIALECTS.join(' | ')}`)
}
Object.assign(process.env, { HOLDERS_RUNS: runs, HOLDERS_SEED: seed })
if (database !== undefined) process.env['HOLDERS_DATABASE'] = database
console.log(`--runs ${runs} --seed ${seed}${database === undefined ? '' : ` --database ${database}`}`)
await import('../holders.test.ts')
