/** A store for a test, in a real file of its own, and what the functions of `src/sessions` need beside it. */

import { randomUUID } from 'node:crypto'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import type { SessionContext, SessionSettings } from '../../src/sessions/context.ts'
import { openSession } from '../../src/sessions/open.ts'
import { migrate } from '../../src/store/migrate.ts'
import type { StoreOptions } from '../../src/store/open.ts'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertUser } from '../../src/store/queries/insert-user.ts'
import type { Database } from '../../src/store/schema.ts'
import type { Store } from '../../src/store/store.ts'
import { createTokenKeys } from '../../src/tokens/keys.ts'
import type { Dialect } from './database.ts'
import { freshDatabase } from './database.ts'
import { DAY, MINUTE, SECRET } from './service.ts'
import { temporaryDirectory } from './temporary.ts'

export const NOW = Date.UTC(2026, 10, 22, 8, 0, 0, 123)

export const SETTINGS: SessionSettings = {
  accessTokenTtl: 30 * MINUTE,
  refreshTokenTtl: 30 * DAY,
  sessionMaxAge: 90 * DAY,
  sessionsPerUser: 100,
  rotation: true,
  grace: 30_000,
  lateRetry: 72 * 60 * MINUTE,
  sharedTokens: 'end',
  dbsc: 'off',
  bindsAccessTokens: false,
  exchangeWindow: 1440 * MINUTE,
  exchangeSessions: 'all',
  eventsRetention: 90 * DAY,
}

/** Where a refresh or exchange comes from, for the queries */
export const FROM = {
  address: '',
  userAgent: '',
  settledBefore: 0,
  deviceKey: '',
  bindingsUntil: NOW,
  jkt: '',
} as const

/** A path in a new directory that goes when the test ends. */
export function freshFile(t: TestContext): string {
  const directory = temporaryDirectory('store')
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return join(directory, 'rekindle.db')
}

export interface StoreContext extends SessionContext {
  readonly store: Store
  readonly database: StoreOptions
  /** The database's, with SQLite */
  readonly file: string
  readonly clock: { now: number }
}

export async function openContext(
  t: TestContext & { readonly dialect?: Dialect },
  settings: Partial<SessionSettings> = {},
): Promise<StoreContext> {
  let close = async () => {}
  // Before the database goes: what is registered first is done first.
  t.after(() => close())
  const database = await freshDatabase(t, t.dialect ?? 'sqlite')
  const store = await openStore(database)
  close = () => store.close()
  await migrate(store.db)
  const tokens = createTokenKeys({
    current: SECRET,
    previous: [],
    issuer: undefined,
    audience: undefined,
  })
  const clock = { now: NOW }
  return {
    store,
    db: store.db,
    database,
    file: database.dialect === 'sqlite' ? database.file : '',
    keys: tokens,
    clock,
    now: () => clock.now,
    settings: { ...SETTINGS, ...settings },
  }
}

// No password is checked here, so that none is hashed.
const PASSWORD_HASH = 'a hash'

/** @returns the user's id */
export async function addUser(db: Database, username = 'ada'): Promise<string> {
  const id = randomUUID()
  const user = { id, username, usernameKey: username, passwordHash: PASSWORD_HASH, now: NOW }
  await insertUser(db, user, OPERATOR)
  return id
}

/** No password is checked for it, so that many can be opened. @param passwordHash of another user than addUser makes */
export async function logIn(context: SessionContext, userId: string, passwordHash = PASSWORD_HASH) {
  const grant = await openSession(context, { userId, passwordHash, userAgent: null, address: null }, OPERATOR)
  if (grant === undefined) throw new Error('no session')
  return grant
}

/** Everything in the database, for a comparison of before and after. */
export async function storedRows(db: Database) {
  return {
    users: await db.selectFrom('users').selectAll().orderBy('id').execute(),
    sessions: await db.selectFrom('sessions').selectAll().orderBy('id').execute(),
    revokedTokens: await db.selectFrom('revoked_tokens').selectAll().orderBy('jti').execute(),
  }
}
