/** Two processes on one database, as far as a store can see, and the state in which each schedule begins. */

import { hash } from '@node-rs/argon2'
import { sql } from 'kysely'
import { exchange } from '../../../src/sessions/exchange.ts'
import { openSession } from '../../../src/sessions/open.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import { openStore } from '../../../src/store/open.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { insertUser } from '../../../src/store/queries/insert-user.ts'
import type { Database } from '../../../src/store/schema.ts'
import type { Store } from '../../../src/store/store.ts'
import type { AccountContext } from '../../../src/users/accounts.ts'
import type { Passwords } from '../../../src/users/passwords.ts'
import { createPasswords } from '../../../src/users/passwords.ts'
import type { DialectContext } from '../../support/database.ts'
import { DAY, PASSWORD } from '../../support/service.ts'
import type { StoreContext } from '../../support/session-context.ts'
import { NOW, openContext, storedRows } from '../../support/session-context.ts'
import { gated } from './gate.ts'

export type Process = StoreContext & AccountContext

// Twice the cost of the existing hash, so that each login replaces it.
const PASSWORDS = { minLength: 8, memory: 8, iterations: 2 }

export interface World {
  readonly userId: string
  /** The session of all operations */
  readonly sessionId: string
  /** Another session of the same user */
  readonly otherId: string
  /** The current token, its direct predecessor, and an older one */
  readonly refreshTokens: {
    readonly current: string
    readonly predecessor: string
    /** Another copy of the predecessor, which its holder has not presented */
    readonly copy: string
    readonly old: string
  }
  /** Valid ones, one that was exchanged just now, and one that was exchanged before the grace window */
  readonly accessTokens: {
    readonly good: string
    readonly exchanged: string
    readonly old: string
    /** A valid one that no exchange presents */
    readonly own: string
  }
  /** Their clocks differ, so that rows show which process wrote them. */
  readonly processes: readonly [Process, Process]
  /** Two requests in one process, with the same clocks, and one store */
  readonly requests: readonly [Process, Process]
  readonly rows: () => ReturnType<typeof storedRows>
  /** Restores the initial state */
  readonly reset: () => Promise<void>
  /** Whether a request waits for a lock in PostgreSQL */
  readonly isWaiting: (turns: number) => Promise<boolean>
}

/** Another holder than the operator, who is the caller of all other operations */
export const ANOTHER = { ...OPERATOR, userAgent: 'another holder' }

/** @param isLate whether the grace windows are over */
export async function openWorld(t: DialectContext, { isLate = false } = {}): Promise<World> {
  const stores: Store[] = []
  // Before the database is removed: hooks run in the order of registration.
  t.after(() => Promise.all(stores.map((store) => store.close())))
  const context = await openContext(t)
  const { db, clock } = context
  await gated(t, db)
  const passwords = remembered(createPasswords(PASSWORDS))
  const settings = { ...context.settings, password: PASSWORDS }
  const openProcess = async (ahead: number): Promise<Process> => {
    const store = await openStore(context.database)
    stores.push(store)
    if (t.dialect === 'sqlite') {
      // No power cut happens here, and interleave.ts does the waiting.
      await sql`pragma synchronous = off`.execute(store.db)
      await sql`pragma busy_timeout = 0`.execute(store.db)
    }
    return { ...context, settings, store, db: store.db, passwords, now: () => clock.now + ahead }
  }

  const passwordHash = await hash(PASSWORD, { algorithm: 2, memoryCost: 8, timeCost: 1, parallelism: 1 })
  const userId = 'the user'
  await insertUser(db, { id: userId, username: 'ada', usernameKey: 'ada', passwordHash, now: NOW }, OPERATOR)
  const logIn = () => openSession(context, { userId, passwordHash, userAgent: null, address: null }, OPERATOR)
  const [first, other] = [given(await logIn()), given(await logIn())]
  await exchange(context, first.accessToken, () => OPERATOR)
  clock.now += 40_000
  const second = await next(context, first.refreshToken)
  const copy = await next(context, first.refreshToken, 'replayed', ANOTHER)
  const third = await next(context, second.refreshToken)
  const own = await next(context, second.refreshToken, 'replayed')
  await exchange(context, second.accessToken, () => OPERATOR)
  // Pruning deletes sessions here by a wrong clock. If it deleted an exchanged token, the token could be exchanged again.
  await db
    .updateTable('revoked_tokens')
    .set({ expires_at: NOW + 1000 * DAY })
    .execute()
  const beginning = await storedRows(db)
  if (isLate) clock.now += 10 * 60_000

  const processes = [await openProcess(1000), await openProcess(2000)] as const
  const { store, db: shared } = processes[0]

  return {
    userId,
    sessionId: first.session.id,
    otherId: other.session.id,
    refreshTokens: {
      current: third.refreshToken,
      predecessor: second.refreshToken,
      copy: copy.refreshToken,
      old: first.refreshToken,
    },
    accessTokens: {
      ...{ good: third.accessToken, exchanged: second.accessToken, old: first.accessToken },
      own: own.accessToken,
    },
    processes,
    requests: [processes[0], { ...processes[1], store, db: shared }],
    rows: () => storedRows(db),
    reset: () => restore(db, beginning),
    // Not in each turn, because the query takes longer than most statements.
    isWaiting: async (turns) => t.dialect === 'postgres' && turns % 20 === 0 && (await isAnyoneWaiting(db)),
  }
}

// Pure functions, but slow by design: each password is really hashed and verified once.
function remembered({ hash, verify, rehash: raise, ...others }: Passwords): Passwords {
  const hashes = new Map<string, Promise<string>>()
  const matches = new Map<string, Promise<boolean>>()
  const raised = new Map<string, Promise<string | undefined>>()
  const once = <T>(results: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> => {
    const result = results.get(key) ?? make()
    results.set(key, result)
    return result
  }
  return {
    ...others,
    hash: (password) => once(hashes, password, () => hash(password)),
    verify: (of, password) => once(matches, `${of} ${password}`, () => verify(of, password)),
    rehash: (of, password) => once(raised, `${of} ${password}`, () => raise(of, password)),
  }
}

async function next(context: StoreContext, refreshToken: string, expected = 'rotated', by = OPERATOR) {
  const { outcome, ...grant } = await refresh(context, refreshToken, () => by)
  if (outcome !== expected || !('accessToken' in grant)) throw new TypeError(outcome)
  return { accessToken: grant.accessToken, refreshToken: given(grant.refreshToken) }
}

async function restore(db: Database, rows: Awaited<ReturnType<typeof storedRows>>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await trx.deleteFrom('users').execute()
    await trx.deleteFrom('revoked_tokens').execute()
    await trx.insertInto('users').values(rows.users).execute()
    await trx.insertInto('sessions').values(rows.sessions).execute()
    await trx.insertInto('revoked_tokens').values(rows.revokedTokens).execute()
  })
}

async function isAnyoneWaiting(db: Database): Promise<boolean> {
  const { rows } = await sql`
    select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(db)
  return rows.length > 0
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError('nothing was given')
  return value
}
