/** `npm run bench:growth -- --sessions N --database sqlite|postgres` */
import { parseArgs } from 'node:util'
import type { Dialect } from '../../support/database.ts'
import { DIALECTS } from '../../support/database.ts'
import { startServer, VARIABLE } from '../../support/postgres/server.ts'
import type { Load } from './measure.ts'
import { grow } from './run.ts'

const { values } = parseArgs({ options: { sessions: { type: 'string' }, database: { type: 'string' } } })
const sessions = Number(values.sessions ?? 1_000_000)
const dialects = values.database === undefined ? DIALECTS : [values.database as Dialect]
if (dialects.includes('postgres')) process.env[VARIABLE] = (await startServer('--durable')).url

const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(0)} MiB`
const ms = (milliseconds: number | undefined) => `${(milliseconds ?? Number.NaN).toFixed(2)} ms`

for (const dialect of dialects) {
  const endings: (() => unknown)[] = []
  const t = { after: (end?: unknown) => void endings.push(end as () => unknown) }
  const expired = Math.round(sessions * 0.9)
  console.log(`${dialect}: ${sessions} sessions, ${expired} of them expired`)
  try {
    const { small, large, pruning, size } = await grow(t, dialect, {
      live: sessions - expired,
      expired,
      sample: 2000,
    })
    const { during, alone, duration } = pruning
    const spread = (taken: readonly number[]) => {
      const at = (share: number) => ms(taken[Math.min(taken.length - 1, Math.floor(taken.length * share))])
      return `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, the slowest ${at(1)}`
    }
    console.log(
      `  a refresh: ${ms(small)} among 1000 sessions, ${ms(large)} among ${sessions}: ${(large / small).toFixed(2)} times`,
    )
    console.log(
      `  pruning: ${pruning.sessions} sessions and ${pruning.revokedTokens} revoked tokens in ${(duration / 1000).toFixed(1)} s`,
    )
    const tell = (load: Load) => {
      console.log(`    from due to answered: ${spread(load.refreshes)}`)
      console.log(`    ${load.writes.length} bare writes to the disk: ${spread(load.writes)}`)
    }
    console.log(`  ${during.refreshes.length} refreshes meanwhile`)
    tell(during)
    console.log(`  ${alone.refreshes.length} for as long afterwards`)
    tell(alone)
    if (dialect === 'sqlite') console.log(`  WAL: ${mib(during.wal)} at the most`)
    console.log(
      `  database: ${mib(size.before)} before, ${mib(size.refilled)} with ${expired} new sessions in it`,
    )
    const limits = {
      'a refresh costs more': large / small > 1.3,
      'pruning holds refreshes up': (during.refreshes.at(-1) ?? 0) > 50,
      'the WAL grows': during.wal > 64 * 2 ** 20,
      'the database grows': size.refilled > 1.1 * size.before,
    }
    for (const [what, exceeded] of Object.entries(limits)) {
      if (!exceeded) continue
      console.error(`  ${what}`)
      process.exitCode = 1
    }
  } finally {
    for (const end of endings) await end()
  }
}
process.exit()
