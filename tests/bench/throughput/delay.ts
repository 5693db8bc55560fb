/**
 * Preloaded into the service by `--import`: how long its event loop was held up, and how long it worked at most before it
 * looked at what had come. SIGUSR2 writes that to the file named by BENCH_DELAY, and begins anew.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION = 1
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
const file = process.env['BENCH_DELAY'] ?? ''
histogram.enable()

// CPU time of the main thread between two ticks, which other programs on this machine do not lengthen.
const TICK = 5
let longest = 0
let before = process.threadCpuUsage()
setInterval(() => {
  const { user, system } = process.threadCpuUsage(before)
  before = process.threadCpuUsage()
  longest = Math.max(longest, (user + system) / 1000)
}, TICK).unref()

process.on('SIGUSR2', () => {
  // It counts from one tick to the next.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  const delay = { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)), longest }
  histogram.reset()
  longest = 0
  writeFileSync(`${file}.new`, JSON.stringify(delay))
  renameSync(`${file}.new`, file)
})
