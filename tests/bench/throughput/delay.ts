/**
 * Preloaded into the service by `--import`: how long its event loop was held up. SIGUSR2 writes that to the file named
 * by BENCH_DELAY, and begins anew.
 */
import { renameSync, writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

const RESOLUTION = 1
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
const file = process.env['BENCH_DELAY'] ?? ''
histogram.enable()

process.on('SIGUSR2', () => {
  // It counts from one tick to the next.
  const late = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  const delay = { p50: late(histogram.percentile(50)), p99: late(histogram.percentile(99)) }
  histogram.reset()
  writeFileSync(`${file}.new`, JSON.stringify(delay))
  renameSync(`${file}.new`, file)
})
