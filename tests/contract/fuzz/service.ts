/** The service as `rekindle serve` starts it, in a process of its own that tells how much memory it takes. */
import { main } from '../../../src/cli/main.ts'

process.on('message', () => {
  // Exists because of `--expose-gc`.
  ;(globalThis as { gc?: () => void }).gc?.()
  const { rss, heapUsed } = process.memoryUsage()
  process.send?.({ rss, heapUsed })
})

await main(['serve'])
process.disconnect()
