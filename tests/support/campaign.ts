import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { DIALECTS } from './database.ts'

/**
 * Runs the tests of a campaign with `--runs 10000 [--seed 1] [--database sqlite|postgres]`, and prints these.
 *
 * @param name of the variables by which the tests get them: `HISTORIES` for `HISTORIES_RUNS`
 * @param tests the file of the tests
 */
export async function runCampaign(name: string, tests: URL): Promise<void> {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
      database: { type: 'string' },
    },
  })
  const { runs, seed, database } = values
  if (database !== undefined && !DIALECTS.some((dialect) => dialect === database))
    throw new TypeError(`--database ${DIALECTS.join(' | ')}`)
  Object.assign(process.env, { [`${name}_RUNS`]: runs, [`${name}_SEED`]: seed })
  if (database !== undefined) process.env[`${name}_DATABASE`] = database
  console.log(`--runs ${runs} --seed ${seed}${database === undefined ? '' : ` --database ${database}`}`)
  await import(tests.href)
}
