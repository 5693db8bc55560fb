/** `npm run fuzz -- --runs N --seed S` */
import { parseArgs } from 'node:util'
import { fuzz } from './run.ts'

const { values } = parseArgs({ options: { runs: { type: 'string' }, seed: { type: 'string' } } })
const runs = Number(values.runs ?? 20_000)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
console.log(`${runs} requests, seed ${seed}`)

const { counts, memory, duration } = await fuzz(runs, seed)
for (const [key, statuses] of [...counts].sort()) {
  const text = [...statuses].sort().map(([status, count]) => `${count} × ${status}`)
  console.log(`${key.padEnd(24)} ${text.join(', ')}`)
}
const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`
for (const { rss, heapUsed } of memory) console.log(`memory: ${mib(rss)}, ${mib(heapUsed)} of it on the heap`)
console.log(`${Math.round(duration / 1000)} s, no 5xx, nothing that is not documented`)

// Growth between the end of the first quarter and the end; short runs are all warming up.
const [quarter, last] = [memory[4], memory.at(-1)]
if (runs >= 100_000 && quarter && last) {
  const growth = { rss: last.rss / quarter.rss, heap: last.heapUsed / quarter.heapUsed }
  console.log(
    `memory at the end against a quarter of the way: ${growth.rss.toFixed(2)} and ${growth.heap.toFixed(2)} times`,
  )
  if (Math.max(growth.rss, growth.heap) > 1.1) {
    console.error('memory is not flat')
    process.exitCode = 1
  }
}
