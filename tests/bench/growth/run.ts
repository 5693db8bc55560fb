/** A database of a million sessions, most of them expired, beside one of a thousand. */
import type { TestContext } from 'node:test'
import type { Dialect } from '../../support/database.ts'
import { connect } from '../../support/database.ts'
import { realClock, startService } from '../../support/service.ts'
import { fillSessions, fillUsers, settle } from './fill.ts'
import type { Pruning } from './measure.ts'
import { median, pruneUnderLoad, rotations, sizeOf, tokensOf } from './measure.ts'

export interface Growth {
  /** Milliseconds of a refresh, medians */
  readonly small: number
  readonly large: number
  readonly pruning: Pruning
  /** Bytes of the database before pruning, and after as many sessions came anew as had gone */
  readonly size: { readonly before: number; readonly refilled: number }
}

const SMALL = 1000
const ROUNDS = 10
const USERS = 1000

type Scope = Pick<TestContext, 'after'>

async function prepare(t: Scope, dialect: Dialect, sizes: { live: number; expired: number }) {
  // Events of expired sessions go at once. They are kept for a time of their own, which is not what is measured.
  const settings = { logLevel: 'error', eventsRetention: 0 } as const
  const { core, database } = await startService(t, settings, realClock, dialect)
  const connection = await connect(database)
  t.after(() => connection.close())
  const common = { users: USERS, now: Date.now() }
  await fillUsers(connection, dialect, USERS)
  await fillSessions(connection, dialect, { ...common, count: sizes.expired, expired: true })
  await fillSessions(connection, dialect, { ...common, count: sizes.live, expired: false })
  await settle(connection, dialect)
  const size = async () => {
    if (dialect === 'sqlite') return sizeOf(core)
    const [row] = await connection.query('select pg_database_size(current_database())::float8 as size')
    return row.size as number
  }
  return { core, connection, common, size }
}

/** @param sample how many refreshes are timed on either */
export async function grow(
  t: Scope,
  dialect: Dialect,
  { live, expired, sample }: { readonly live: number; readonly expired: number; readonly sample: number },
): Promise<Growth> {
  const small = await prepare(t, dialect, { live: SMALL, expired: 0 })
  const large = await prepare(t, dialect, { live, expired })
  // In turns, so that whatever else goes on hits both.
  const taken = { small: [] as number[], large: [] as number[] }
  for (let round = 0; round < ROUNDS; round++) {
    const count = sample / ROUNDS
    taken.small.push(...(await rotations(small.core, await tokensOf(small.core, small.connection, count))))
    taken.large.push(...(await rotations(large.core, await tokensOf(large.core, large.connection, count))))
  }

  const before = await large.size()
  const tokens = await tokensOf(large.core, large.connection, 1000)
  const pruning = await pruneUnderLoad(large.core, tokens, 5)
  if (dialect === 'postgres') await large.connection.query('vacuum')
  await fillSessions(large.connection, dialect, { ...large.common, count: expired, expired: false })
  await settle(large.connection, dialect)
  const refilled = await large.size()
  return { small: median(taken.small), large: median(taken.large), pruning, size: { before, refilled } }
}
