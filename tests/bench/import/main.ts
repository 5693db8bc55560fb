/** `npm run bench:import -- --users N --database sqlite|postgres` */
import { parseArgs } from 'node:util'
import type { Dialect } from '../../support/database.ts'
import { DIALECTS } from '../../support/database.ts'
import { startServer, VARIABLE } from '../../support/postgres/server.ts'
import type { ImportFigures } from './run.ts'
import { measureImport } from './run.ts'

const { values } = parseArgs({ options: { users: { type: 'string' }, database: { type: 'string' } } })
const users = Number(values.users ?? 1_000_000)
const dialects = values.database === undefined ? DIALECTS : [values.database as Dialect]
if (dialects.includes('postgres')) process.env[VARIABLE] = (await startServer('--durable')).url

// Seconds, and bytes: the heap has 64 MiB, and the rest does not grow between 200,000 users and a million.
const LIMITS = { duration: 600, memory: 320 * 2 ** 20 }

const mib = (bytes: number | undefined) => `${((bytes ?? Number.NaN) / 2 ** 20).toFixed(0)} MiB`

for (const dialect of dialects) {
  const endings: (() => unknown)[] = []
  try {
    const t = { after: (end: () => unknown) => void endings.push(end) }
    const { bytes, first, second } = await measureImport(t, dialect, users)
    console.log(`${dialect}: ${users} users, ${mib(bytes)}`)
    const tell = (what: string, { duration, memory, output }: ImportFigures) => {
      console.log(`  ${what}: ${duration.toFixed(1)} s, ${mib(memory)} of memory at the most`)
      console.log(`    ${output.replace(/^\S+ /, '')}`)
      if (duration < LIMITS.duration && (memory ?? 0) < LIMITS.memory) return
      console.error('  too slow, or too much memory')
      process.exitCode = 1
    }
    tell('once', first)
    tell('again', second)
  } finally {
    for (const end of endings) await end()
  }
}
process.exit()
