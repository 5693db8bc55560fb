/** No query of a request or of pruning reads a whole table: each finds its rows by an index. */

import assert from 'node:assert/strict'
import { test as testOnce } from 'node:test'
import SQLite from 'better-sqlite3'
import { createFeed } from '../../src/feed/feed.ts'
import { exchange } from '../../src/sessions/exchange.ts'
import { pruneAll } from '../../src/sessions/prune.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { LANES } from '../../src/store/event-names.ts'
import {
  claimDeliveries,
  endDelivery,
  postponeDelivery,
  recallDeliveries,
} from '../../src/store/queries/deliveries.ts'
import * as endings from '../../src/store/queries/endings.ts'
import { eventsAfter, listEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { findRevokedToken } from '../../src/store/queries/exchanges.ts'
import { mostForeignWork } from '../../src/store/queries/foreign-hashes.ts'
import { findPlacements } from '../../src/store/queries/import-users.ts'
import { pageOfSessions } from '../../src/store/queries/list-sessions.ts'
import { findPassword, updatePassword } from '../../src/store/queries/password-changes.ts'
import * as rateLimits from '../../src/store/queries/rate-limits.ts'
import * as revocations from '../../src/store/queries/revocations.ts'
import * as users from '../../src/store/queries/users.ts'
import type { Database } from '../../src/store/schema.ts'
import type { Connection, Dialect } from '../support/database.ts'
import { connect, test } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext } from '../support/session-context.ts'
import type { Statement } from './statements.ts'
import { recordStatements } from './statements.ts'

type Run = (context: StoreContext, id: { user: string; session: string }) => Promise<unknown>
const onDb =
  (run: (db: Database, id: { user: string; session: string }) => Promise<unknown>): Run =>
  ({ db }, id) =>
    run(db, id)

const ENDED = { reason: 'ended', now: NOW, origin: OPERATOR } as const

/** The operations, and the number of queries that each must run. */
const queries: Readonly<Record<string, readonly [count: number, run: Run]>> = {
  'rotate, find and revoke': [
    4,
    async (context, { user }) => {
      const { refreshToken } = await logIn(context, user)
      const strict = { ...context, settings: { ...context.settings, grace: 0 } }
      await refresh(strict, refreshToken, () => OPERATOR)
      assert.equal((await refresh(strict, refreshToken, () => OPERATOR)).outcome, 'reused')
    },
  ],
  'refresh without rotation': [
    1,
    async (context, { user }) => {
      const { refreshToken } = await logIn(context, user)
      const settings = { ...context.settings, rotation: false }
      assert.equal(
        (await refresh({ ...context, settings }, refreshToken, () => OPERATOR)).outcome,
        'refreshed',
      )
    },
  ],
  exchange: [
    2,
    async (context, { user }) => {
      const { accessToken } = await logIn(context, user)
      assert.equal((await exchange(context, accessToken, () => OPERATOR)).outcome, 'exchanged')
    },
  ],
  'exchanges of one turn': [
    2,
    async (context, { user }) => {
      const grants = [await logIn(context, user), await logIn(context, user)]
      const results = await Promise.all(
        grants.map(({ accessToken }) => exchange(context, accessToken, () => OPERATOR)),
      )
      for (const { outcome } of results) assert.equal(outcome, 'exchanged')
    },
  ],
  'the most work of hashes of other systems': [1, onDb((db) => mostForeignWork(db))],
  'what becomes of a batch of an import': [
    2,
    onDb((db) =>
      findPlacements(db, [
        { id: 'new', username: 'new', usernameKey: 'new', passwordHash: '', now: NOW },
        { id: 'newer', username: 'newer', usernameKey: 'newer', passwordHash: '', now: NOW },
      ]),
    ),
  ],
  'find a revoked token': [1, onDb((db) => findRevokedToken(db, 'a'))],
  'the feed: exchanged tokens are held back, placed and read': [
    5,
    async (context, { user }) => {
      const feed = createFeed(context)
      const { accessToken } = await logIn(context, user)
      await exchange({ ...context, feed }, accessToken, () => OPERATOR)
      const { cursor } = await feed.read(undefined, 0)
      context.clock.now += context.settings.grace + 1
      assert.equal((await feed.read(cursor, 0)).entries.length, 1)
    },
  ],
  prune: [5, (context) => pruneAll(context)],
  'find a counter': [1, onDb((db) => rateLimits.findPoints(db, 'a', NOW))],
  'delete a counter': [1, onDb((db) => rateLimits.deletePoints(db, 'a'))],
  'a page of the sessions of a user': [
    2,
    onDb((db, { user }) => pageOfSessions(db, { userId: user, now: NOW, idleCutoff: NOW, limit: 100 })),
  ],
  'a later page of the sessions of a user': [
    2,
    onDb((db, { user }) =>
      pageOfSessions(db, { userId: user, now: NOW, idleCutoff: NOW, limit: 100, before: 'f' }),
    ),
  ],
  'all sessions, page by page': [
    2,
    onDb((db) => pageOfSessions(db, { now: NOW, idleCutoff: NOW, limit: 100, before: 'f' })),
  ],
  'make room for a session': [
    5,
    async (context, { user }) => {
      await logIn({ ...context, settings: { ...context.settings, sessionsPerUser: 1 } }, user)
      const sessions = context.db.selectFrom('sessions').select('id').where('user_id', '=', user)
      assert.equal((await sessions.where('revoked_at', 'is', null).execute()).length, 1)
    },
  ],
  'end very many of a user, and finish an ending': [
    6,
    async ({ db }, { user }) => {
      await db.updateTable('users').set({ ending_at: NOW }).where('id', '=', user).execute()
      await endings.revokeSessionsOfUser(db, { userId: user, ...ENDED })
      await endings.finishEndings(db)
    },
  ],
  'end a session of a user': [
    1,
    onDb((db, { user, session }) =>
      revocations.revokeSession(db, { sessionId: session, userId: user, ...ENDED }),
    ),
  ],
  'end all of a user': [
    1,
    onDb((db, { user }) => endings.revokeSessionsOfUser(db, { userId: user, ...ENDED })),
  ],
  'find a user': [1, onDb((db, { user }) => users.findUser(db, user))],
  'find a user by name': [1, onDb((db) => users.findUserByName(db, 'ada'))],
  'a page of users': [1, onDb((db) => users.pageOfUsers(db, { after: '', limit: 51 }))],
  'find a password': [1, onDb((db, { user }) => findPassword(db, user))],
  'change a password': [
    2,
    onDb((db, { user, session }) =>
      updatePassword(
        db,
        {
          userId: user,
          sessionId: session,
          generation: 0,
          expiresAt: NOW,
          oldHash: 'a hash',
          newHash: 'b',
          now: NOW,
        },
        OPERATOR,
      ),
    ),
  ],
  'deactivate a user': [2, onDb((db, { user }) => users.deactivateUser(db, user, NOW, OPERATOR))],
  'list the events of a user': [1, onDb((db, { user }) => listEvents(db, { userId: user, limit: 10 }))],
  'list the events of a session': [
    1,
    onDb((db, { session }) => listEvents(db, { sessionId: session, limit: 10, before: 100 })),
  ],
  'list the events of a name': [1, onDb((db) => listEvents(db, { name: 'login.failed', limit: 10 }))],
  'list events after one': [1, onDb((db) => eventsAfter(db, { after: 1, limit: 10 }))],
  'claim, postpone and end deliveries': [
    7,
    onDb(async (db) => {
      await recallDeliveries(db, NOW, -1)
      const claim = { lane: LANES.others, now: NOW, claimedUntil: NOW + 1, limit: 10 }
      const [opened] = await claimDeliveries(db, claim)
      assert.ok(opened?.sessionId)
      await postponeDelivery(db, opened, NOW + 2)
      await endDelivery(db, opened)
    }),
  ],
  'delete a user': [1, onDb((db, { user }) => users.deleteUser(db, user, NOW, OPERATOR))],
}

const plans: Readonly<Record<Dialect, (database: Connection, statement: Statement) => Promise<string[]>>> = {
  async sqlite(database, { sql, parameters }) {
    const plan = await database.query(`explain query plan ${sql}`, parameters)
    return plan.map(({ detail }) => detail)
  },
  // With so few rows PostgreSQL would prefer to read all of them. The test is whether an index could be used.
  async postgres(database, { sql, parameters }) {
    await database.query('set enable_seqscan = off')
    const plan = await database.query(`explain ${sql}`, parameters)
    return plan.map((row) => row['QUERY PLAN'].trim())
  },
}

/** Leaves out the scans of subqueries, which have a limit. SQLite names both the subquery and its scan. */
function withoutSlices(plan: readonly string[]): string[] {
  const scans = plan
    .flatMap((step) => /^(?:CO-ROUTINE|MATERIALIZE) (.+)$/.exec(step)?.slice(1) ?? [])
    .map((name) => `SCAN ${name}`)
  return plan.filter((step) => {
    const at = scans.indexOf(step)
    if (at !== -1) scans.splice(at, 1)
    return at === -1
  })
}

for (const [name, [count, run]] of Object.entries(queries)) {
  test(name, async (t) => {
    const recording = recordStatements(t)
    const context = await openContext(t)
    const user = await addUser(context.db)
    const { session } = await logIn(context, user)
    recording.executed.length = 0
    await run(context, { user, session: session.id })
    const seen = recording.executed.filter(({ sql }) =>
      /^(with|select|update|delete|insert into .* select) /.test(sql),
    )
    assert.ok(seen.length >= count, `only ${seen.length} queries`)

    const database = await connect(context.database)
    // PostgreSQL guesses that a table of which it knows nothing has about two pages of users.
    if (name.startsWith('a page') && t.dialect === 'postgres') {
      await database.query(`insert into users (id, username, username_key, password_hash, created_at)
        select n, n, n, n, 0 from generate_series(1, 2000) as n`)
      await database.query('analyze users')
    }
    for (const statement of seen) {
      const plan = await plans[t.dialect](database, statement)
      const shown = `${statement.sql}\n${plan.join('\n')}`
      assert.ok(plan.length > 0, shown)
      // Its cost depends on the size of the page, not on the number of rows.
      if (name.startsWith('a page')) assert.doesNotMatch(shown, /TEMP B-TREE|Sort/)
      for (const step of withoutSlices(plan))
        assert.doesNotMatch(step, /^SCAN (?!CONSTANT ROW|subject$)|Seq Scan/, shown)
      assert.ok(
        plan.some((step) =>
          /^SEARCH .* USING ((COVERING )?INDEX|(INTEGER )?PRIMARY KEY) |Index (Only )?Scan/.test(step),
        ),
        shown,
      )
    }
    await database.close()
  })
}

testOnce('what a deletion has to look for in other tables is indexed as well', async (t) => {
  const { file } = await openContext(t)
  const database = new SQLite(file, { readonly: true })
  t.after(() => database.close())
  for (const table of ['users', 'sessions', 'revoked_tokens', 'rate_limits']) {
    const keys = database.pragma(`foreign_key_list(${table})`) as { from: string }[]
    const indexes = database.pragma(`index_list(${table})`) as { name: string; partial: number }[]
    const firstColumns = indexes
      .filter(({ partial }) => partial === 0)
      .map(({ name }) => (database.pragma(`index_info(${name})`) as { name: string }[])[0]?.name)
    for (const { from } of keys) assert.ok(firstColumns.includes(from), `${table}.${from}`)
  }
})

testOnce(
  'rotations that share a statement: each found by its index, whatever is known of the table',
  async (t) => {
    const recording = recordStatements(t)
    const context = await openContext(Object.assign(t, { dialect: 'postgres' as const }))
    const user = await addUser(context.db)
    const grants = [await logIn(context, user), await logIn(context, user)]
    await Promise.all(grants.map(({ refreshToken }) => refresh(context, refreshToken, () => OPERATOR)))
    const { sql = '' } = recording.executed.at(-1) ?? {}
    assert.match(sql, / skip locked\) update "sessions" /)

    const database = await connect(context.database)
    const checkPlan = async (when: string) => {
      // The plan that the server keeps for a prepared statement, without its parameters
      const plan = await database.query(`explain (generic_plan) ${sql}`)
      const steps = plan.map((row) => row['QUERY PLAN'])
      const shown = `${when}\n${steps.join('\n')}`
      assert.doesNotMatch(shown, /Seq Scan/)
      // A user may have thousands of sessions.
      assert.doesNotMatch(shown, /sessions_user_id/)
      for (const way of ['sessions_pkey on sessions', 'Tid Scan on sessions', 'users_pkey on users']) {
        assert.ok(shown.includes(way), shown)
      }
    }
    await checkPlan('a new table')
    await database.query(`insert into users (id, username, username_key, password_hash, created_at)
    select n, n, n, n, 0 from generate_series(1, 20000) as n`)
    await database.query(`insert into sessions (id, user_id, generation, created_at, rotated_at, refreshed_at,
    refresh_count, expires_at, absolute_expires_at) select n, n, 0, 0, 0, 0, 0, 0, 0 from generate_series(1, 20000) as n`)
    await checkPlan('a large one that was never analyzed')
    await database.query('analyze')
    await checkPlan('a large one')
    await database.close()
  },
)
