/** `npm run load -- --case logins|networks|slow|hoarder --database sqlite|postgres --seconds 20`. Exits with 1 when a limit is exceeded. */
import { availableParallelism, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { withCleanup } from '../../support/cleanup.ts'
import type { Dialect } from '../../support/database.ts'
import { DIALECTS } from '../../support/database.ts'
import { startServer, VARIABLE } from '../../support/postgres/server.ts'
import { hoard } from './hoarder.ts'
import type { Figure } from './run.ts'
import { isOver, loadFromOneNetwork, loadWithHoarder, loadWithLogins, loadWithSlow } from './run.ts'
import type { LoadedOptions, LoadedService } from './service.ts'
import { LIMITED, PROXIED, startLoaded } from './service.ts'

const { values } = parseArgs({
  options: { case: { type: 'string' }, database: { type: 'string' }, seconds: { type: 'string' } },
})

// What the service promises, in milliseconds. Slow ones: the times of src/http/server/listen.ts, a second until it looks,
// two until it destroys the connection, one until the client notices, and one for a machine that is busy.
const REFRESH = 100
const CUT = { headers: 15_000, body: 25_000 }

// A refresh takes a session of its own until one of the first is answered.
const SESSIONS = 2000

// The sessions of one user, and how long a refresh of another user may wait for them.
const HOARDED = 200_000
const WAIT = 50

const CASES: Readonly<Record<string, (service: LoadedService) => Promise<Figure[]>>> = {
  logins: (service) =>
    loadWithLogins(
      service,
      { refreshRate: 100, seconds: Number(values.seconds ?? 20), rate: 200 },
      { refresh: REFRESH, refusal: 100, login: 3000 },
    ),
  networks: (service) =>
    loadFromOneNetwork(
      service,
      { seconds: Number(values.seconds ?? 20), rate: 200, honestRate: 5 },
      { login: 2000 },
    ),
  slow: (service) =>
    loadWithSlow(
      service,
      { refreshRate: 100, seconds: 27, connections: 2000 },
      { refresh: REFRESH, cut: CUT },
    ),
  hoarder: (service) =>
    loadWithHoarder(service, { refreshRate: 100, seconds: Number(values.seconds ?? 20) }, WAIT),
}

const OPTIONS: Readonly<Record<string, LoadedOptions>> = {
  networks: { limits: PROXIED },
  hoarder: { limits: LIMITED, beforehand: (env) => hoard(env, HOARDED) },
}

const chosen = values.case === undefined ? Object.keys(CASES) : [values.case]
const dialects = values.database === undefined ? DIALECTS : [values.database as Dialect]
if (dialects.includes('postgres')) process.env[VARIABLE] = (await startServer('--durable')).url

let isWrong = false
// Nothing here is drawn by lot: requests come at their times, whatever the run.
console.log(`${availableParallelism()} cores, load average ${loadavg()[0]?.toFixed(1)} before`)
for (const name of chosen) {
  const work = CASES[name]
  if (work === undefined) throw new Error(`${name} is none of ${Object.keys(CASES).join(', ')}`)
  for (const dialect of dialects) {
    console.log(`\n${name}, ${dialect}`)
    const figures = await withCleanup(async (cleanup) =>
      work(await startLoaded(cleanup, dialect, SESSIONS, OPTIONS[name])),
    )
    for (const figure of figures) {
      const { name, value, most } = figure
      const limit = most === undefined ? '' : `  at most ${most}${isOver(figure) ? ': EXCEEDED' : ''}`
      console.log(`  ${name.padEnd(36)} ${value.toFixed(1).padStart(9)}${limit}`)
      isWrong ||= isOver(figure)
    }
  }
}
process.exit(isWrong ? 1 : 0)
