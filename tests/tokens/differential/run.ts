/** `npm run tokens -- --runs 200000 [--seed 1]` */
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { compare } from './compare.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '200000' },
    seed: { type: 'string', default: String(randomInt(2 ** 31)) },
  },
})
console.log(`--runs ${values.runs} --seed ${values.seed}`)
console.log(await compare(Number(values.runs), Number(values.seed)))
