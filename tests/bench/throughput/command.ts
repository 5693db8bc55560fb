/** What both commands share: options, order, output. */
import { parseArgs } from 'node:util'
import { startServer, VARIABLE } from '../../support/postgres/server.ts'
import { coldStart } from './cold-start.ts'
import { endure } from './endurance.ts'
import { CONNECTIONS, generator } from './load.ts'
import { machine } from './machine.ts'
import type { Plan } from './measure.ts'
import { pin } from './pinning.ts'
import type { Report, Reports } from './report.ts'
import { notes, table } from './report.ts'
import { rounds, withSyncs } from './rounds.ts'
import type { Subject } from './subject.ts'
import { FLOOR, subjects } from './subjects.ts'
import { canTrace } from './syncs.ts'
import { verifications } from './verification.ts'
import { write } from './write.ts'

const SIZES = { users: 100, sessions: 4000 }
// Seconds. On a machine of two cores a service that answers 5,000 refreshes a second at first takes some eight to answer 12,000.
const WARM_UP = 10

export function options() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '5' },
      seconds: { type: 'string', default: '5' },
      only: { type: 'string' },
      database: { type: 'string' },
      rotations: { type: 'string' },
      'sync-delay': { type: 'string' },
      write: { type: 'boolean', default: false },
    },
  })
  return {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    only: values.only?.split(','),
    database: values.database,
    rotations: values.rotations === undefined ? undefined : Number(values.rotations),
    syncDelay: values['sync-delay'] === undefined ? undefined : Number(values['sync-delay']),
    write: values.write,
  }
}

const say = (line: string) => console.error(line)

/** Starts PostgreSQL, as durable as it is by default. @returns its URL */
async function startPostgres(): Promise<string> {
  const { url } = await startServer('--durable')
  process.env[VARIABLE] = url
  return url
}

/** Measures, prints, and writes if it was told to. Ends the process. */
export async function run(
  name: keyof Reports,
  measured: readonly Subject[],
  { rounds: count, seconds, rotations, syncDelay, write: isWritten }: ReturnType<typeof options>,
): Promise<never> {
  const pinning = pin()
  say(pinning)
  if (generator !== 'wrk') say('wrk is missing: autocannon makes the load')
  if (!canTrace) say('strace is missing or may not trace: fsyncs of SQLite are not counted')
  const needsPostgres = measured.some(({ where }) => where.startsWith('PostgreSQL'))
  const postgres = needsPostgres ? await startPostgres() : undefined
  const plan: Plan = { sizes: SIZES, seconds, warmUp: WARM_UP, generator, syncDelay }
  const all = [FLOOR, ...measured]
  const rows = await rounds(FLOOR, measured, plan, count, say)
  const [refresh] = subjects(['refresh'])
  const report: Report = {
    measuredAt: new Date().toISOString(),
    machine: await machine(postgres, pinning),
    rounds: count,
    seconds,
    connections: CONNECTIONS,
    rows: await withSyncs(rows, all, plan, say),
    ...(name === 'bench' && { coldStart: await coldStart(), verifications: verifications() }),
    ...(rotations !== undefined && refresh && { endurance: await endure(refresh, rotations, plan) }),
  }
  console.log(`${table(report.rows)}\n\n${notes(report).join('\n')}`)
  if (isWritten) write(name, report)
  process.exit()
}
