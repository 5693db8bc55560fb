/** `npm run fuzz -- --runs N --seed S` */
import { parseArgs } from 'node:util'
import { fuzz } from './run.ts'
import type { Memory } from './world.ts'

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

// Compares the medians of the second quarter and of the last one. A short run consists of warming up only.
const median = (of: keyof Memory, from: number, to: number) =>
  memory
    .slice(from, to)
    .map((sample) => sample[of])
    .sort((a, b) => a - b)[Math.floor((to - from) / 2)] ?? 0
if (runs >= 100_000) {
  const growth = (of: keyof Memory) => median(of, 15, 20) / median(of, 5, 10)
  console.log(
    `memory of the last quarter against the second: ${growth('rss').toFixed(2)}, heap ${growth('heapUsed').toFixed(2)}`,
  )
  if (Math.max(growth('rss'), growth('heapUsed')) > 1.1) {
    console.error('memory is not flat')
    process.exitCode = 1
  }
}
