/** PostgreSQL's own connections, locks and errors. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { exchange } from '../../src/sessions/exchange.ts'
import { refresh } from '../../src/sessions/refresh.ts'
import { openStore } from '../../src/store/open.ts'
import { revokeSessionsOfUser } from '../../src/store/queries/endings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { findPassword, updatePassword } from '../../src/store/queries/password-changes.ts'
import { pruneSessions } from '../../src/store/queries/prune.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { deleteUser } from '../../src/store/queries/users.ts'
import type { Database } from '../../src/store/schema.ts'
import type { DialectContext } from '../support/database.ts'
import { connect, freshDatabase } from '../support/database.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, logIn, NOW, openContext, storedRows } from '../support/session-context.ts'
import { until } from '../support/until.ts'
import { addSession } from './rows.ts'

const onPostgres = (name: string, body: (t: DialectContext) => Promise<void>) =>
  test(name, (t) => body(Object.assign(t, { dialect: 'postgres' as const })))

const untilBlocked = async (database: Awaited<ReturnType<typeof connect>>, count = 1) => {
  const waiting = `select count(*) as count from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`
  await until(async () => (await database.query(waiting))[0].count >= count, 'nobody waits', { every: 5 })
}

onPostgres('each connection: our timeouts and isolation, whatever the database is set to', async (t) => {
  const database = await freshDatabase(t, 'postgres')
  assert.ok(database.dialect === 'postgres')
  const url = database.url.replace(/\?.*/, '')
  const past = await connect(database)
  const name = new URL(url).pathname.slice(1)
  await past.query(`alter database ${name} set default_transaction_isolation = 'serializable'`)
  await past.query(`alter database ${name} set synchronous_commit = off`)
  await past.close()
  const store = await openStore({ dialect: 'postgres', url })
  const show = async (setting: string) => {
    const { rows } = await sql<Record<string, string>>`show ${sql.raw(setting)}`.execute(store.db)
    return Object.values(rows[0] ?? {})[0]
  }
  const expected = {
    statement_timeout: '2300ms',
    lock_timeout: '1500ms',
    idle_in_transaction_session_timeout: '5s',
    application_name: 'rekindle',
    transaction_isolation: 'read committed',
    synchronous_commit: 'on',
  }
  for (const [setting, value] of Object.entries(expected)) assert.equal(await show(setting), value, setting)
  await store.close()
})

onPostgres(
  'connections that the server ends, idle or in a transaction: no crash, and new ones',
  async (t) => {
    const { db, store, database } = await openContext(t)
    await addUser(db)
    const past = await connect(database)
    const end = `select pg_terminate_backend(pid) from pg_stat_activity
    where application_name = 'rekindle' and datname = current_database()`
    await past.query(end)
    await until(() => store.pool?.().total === 0, 'the pool has heard of it')
    assert.equal((await storedRows(db)).users.length, 1)
    const broken = db.transaction().execute(async (trx) => {
      await addUser(trx, 'bob')
      await past.query(end)
      await new Promise((turn) => setTimeout(turn, 100))
      await addUser(trx, 'eve')
    })
    await assert.rejects(broken, (error) => store.isUnavailable(error))
    assert.equal((await storedRows(db)).users.length, 1)
    await past.close()
  },
)

onPostgres('a server that cannot be reached, a wrong password, no such database: unavailable', async (t) => {
  const database = await freshDatabase(t, 'postgres')
  assert.ok(database.dialect === 'postgres')
  const change = (part: Partial<URL>) => Object.assign(new URL(database.url), part).href
  for (const url of [
    change({ port: '1' }),
    change({ password: 'wrong' }),
    change({ pathname: '/nowhere' }),
    `${database.url}&sslmode=verify-full`,
  ]) {
    const store = await openStore({ dialect: 'postgres', url })
    await assert.rejects(store.db.selectFrom('users').selectAll().execute(), (error) => {
      assert.ok(error instanceof Error && store.isUnavailable(error), String(error))
      assert.doesNotMatch(`${error.message} ${error.stack} ${JSON.stringify(error)}`, /wrong|a password/)
      return true
    })
    await store.close()
    await store.close()
  }
})

const refusals: Readonly<Record<string, string>> = {
  '25006': 'set transaction read only; delete from users',
  '57014': 'set statement_timeout = 20; select pg_sleep(1)',
  '53100': "do $$ begin raise exception 'full' using errcode = '53100'; end $$",
  '57P03': "do $$ begin raise exception 'starting' using errcode = '57P03'; end $$",
}
const defects: Readonly<Record<string, string>> = {
  '42601': 'selekt',
  '42P01': 'select * from nothing',
  '23502': "insert into users (id) values ('a')",
}

onPostgres('what is a matter of time, and what is a defect', async (t) => {
  const { store, db, database } = await openContext(t)
  for (const [code, statement] of Object.entries({ ...refusals, ...defects })) {
    const failing = db.connection().execute(async (connection) => {
      await sql`begin`.execute(connection)
      try {
        for (const part of code === '25006' || code === '57014' ? statement.split('; ') : [statement])
          await sql.raw(part).execute(connection)
      } finally {
        await sql`rollback`.execute(connection)
      }
    })
    await assert.rejects(failing, (error: Error & { code?: string; detail?: string }) => {
      assert.equal(error.code, code)
      assert.equal(store.isUnavailable(error), code in refusals, code)
      assert.equal(error.detail, undefined, 'a detail repeats rows')
      return true
    })
  }
  const past = await connect(database)
  await past.query('begin')
  await past.query('lock table users in exclusive mode')
  await assert.rejects(addUser(db), (error) => store.isUnavailable(error))
  await past.close()
})

onPostgres('a deadlock between two that end many sessions: both succeed', async (t) => {
  const { db, database } = await openContext(t)
  const user = await addUser(db)
  const [first = '', second = ''] = [await addSession(db, user), await addSession(db, user)]
  const past = await connect(database)
  const lock = (id: string) => past.query('select 1 from sessions where id = $1 for update', [id])
  const { rows } = await sql<{ id: string }>`select id from sessions order by ctid`.execute(db)
  assert.deepEqual(
    rows.map(({ id }) => id),
    [first, second],
  )
  await past.query("set deadlock_timeout = '10s'")
  await past.query('begin')
  await lock(second)
  const revoked = revokeSessionsOfUser(db, { userId: user, reason: 'logout_all', now: NOW, origin: OPERATOR })
  await untilBlocked(past)
  // It has the first row and waits for the second, so each waits for the other.
  await lock(first)
  await past.query('commit')
  assert.equal((await revoked).endedSessions, 2)
  await past.close()
})

const endings: Readonly<Record<string, (user: string) => string>> = {
  'a deactivation': (user) =>
    `update users set deactivated_at = ${NOW} where id = '${user}';
     update sessions set revoked_at = ${NOW} where user_id = '${user}'`,
  'a logout': (user) => `update sessions set revoked_at = ${NOW} where user_id = '${user}'`,
  'a deletion': (user) => `delete from users where id = '${user}'`,
}

type Work = (context: StoreContext, grant: Awaited<ReturnType<typeof logIn>>) => Promise<{ outcome: string }>
const works: Readonly<Record<string, Work>> = {
  'a rotation': (context, { refreshToken }) => refresh(context, refreshToken, () => OPERATOR),
  'an exchange': (context, { accessToken }) => exchange(context, accessToken, () => OPERATOR),
}

for (const [what, ending] of Object.entries(endings)) {
  for (const [name, work] of Object.entries(works)) {
    onPostgres(`${what} that commits while ${name} waits for the row: nothing is given`, async (t) => {
      const context = await openContext(t)
      const user = await addUser(context.db)
      const grant = await logIn(context, user)
      const past = await connect(context.database)
      await past.query('begin')
      await past.query(ending(user))
      const waiting = work(context, grant)
      await untilBlocked(past)
      await past.query('commit')
      const results = [await waiting, await exchange(context, grant.accessToken, () => OPERATOR)]
      for (const { outcome } of results) assert.match(outcome, /^(revoked|inactive_user|unknown_user)$/)
      const { sessions, revokedTokens } = await storedRows(context.db)
      for (const session of sessions) assert.equal(session.revoked_at, NOW)
      assert.deepEqual(revokedTokens, [])
      await past.close()
    })
  }
}

onPostgres('two that prune, one that deletes and refreshes, all at once: no error', async (t) => {
  const context = await openContext(t)
  const other = await openStore(context.database)
  for (let round = 0; round < 5; round++) {
    const user = await addUser(context.db, `ada${round}`)
    const old = { expires_at: NOW - 1, absolute_expires_at: NOW - 1 }
    for (let count = 0; count < 40; count++)
      await addSession(context.db, user, count % 2 === 0 ? old : { prune_at: 0 })
    const options = { now: NOW, idleCutoff: NOW - 1, batch: 30 }
    await Promise.all([
      pruneSessions(context.db, options),
      pruneSessions(other.db, options),
      revokeSessionsOfUser(other.db, { userId: user, reason: 'logout_all', now: NOW, origin: OPERATOR }),
      revokeSessionsOfUser(context.db, { userId: user, reason: 'operator', now: NOW, origin: OPERATOR }),
      deleteUser(context.db, user, Date.now(), OPERATOR),
    ])
  }
  assert.deepEqual(await storedRows(context.db), { users: [], sessions: [], revokedTokens: [] })
  await other.close()
})

onPostgres('a row that somebody has locked: pruning takes the others, and this one afterwards', async (t) => {
  const { db, database } = await openContext(t)
  const user = await addUser(db)
  const old = { expires_at: NOW - 1, absolute_expires_at: NOW - 1 }
  const ids = [
    await addSession(db, user, old),
    await addSession(db, user, old),
    await addSession(db, user, old),
  ]
  const past = await connect(database)
  await past.query('begin')
  await past.query('select 1 from sessions where id = $1 for no key update', [ids[0]])
  const options = { now: NOW, idleCutoff: NOW - 1, batch: 30 }
  assert.equal((await pruneSessions(db, options)).gone, 2)
  await past.query('rollback')
  assert.equal((await pruneSessions(db, options)).gone, 1)
  await past.close()
})

onPostgres('a server that does not answer: unavailable, and its connection is not used again', async (t) => {
  const database = await freshDatabase(t, 'postgres')
  assert.ok(database.dialect === 'postgres')
  const url = `${database.url}&statement_timeout=0&query_timeout=200`
  const store = await openStore({ dialect: 'postgres', url })
  await assert.rejects(sql`select pg_sleep(20)`.execute(store.db), (error) => store.isUnavailable(error))
  const began = performance.now()
  await store.db.selectFrom('users').selectAll().execute()
  assert.ok(performance.now() - began < 10_000)
  await store.close()
})

onPostgres('a pool whose connections are all taken: unavailable after three seconds', async (t) => {
  const { db, store } = await openContext(t)
  const { promise, resolve } = Promise.withResolvers<void>()
  const taken = Array.from({ length: 10 }, () => db.connection().execute(() => promise))
  await assert.rejects(addUser(db), (error) => store.isUnavailable(error))
  resolve()
  await Promise.all(taken)
  await addUser(db)
})

for (const first of ['logout', 'password'] as const) {
  onPostgres(`a logout and a change of password by the same session cross, ${first} first`, async (t) => {
    const context = await openContext(t)
    const { db } = context
    const userId = await addUser(db)
    const { session } = await logIn(context, userId)
    const passwords = { oldHash: 'a hash', newHash: 'another' }
    const times = { now: NOW, expiresAt: NOW + 60_000 }
    const change = { userId, sessionId: session.id, generation: 0, ...passwords, ...times }
    const logout = { sessionId: session.id, reason: 'logout', now: NOW, origin: OPERATOR } as const
    const work = {
      logout: async (on: Database) => (await revokeSession(on, logout)).length > 0,
      password: async (on: Database) => (await updatePassword(on, change, OPERATOR)) !== undefined,
    }
    const past = await connect(context.database)
    const { other } = await db.transaction().execute(async (trx) => {
      assert.ok(await work[first](trx))
      const crossing = work[first === 'logout' ? 'password' : 'logout'](db)
      await Promise.race([untilBlocked(past), crossing])
      return { other: crossing }
    })
    // A receiver takes the last event for the current state.
    const expected = {
      logout: { other: false, hash: 'a hash', events: ['session.revoked'] },
      password: { other: true, hash: 'another', events: ['password.changed', 'session.revoked'] },
    }
    const outcome = await other
    const events = await db.selectFrom('events').select('name').orderBy('position').execute()
    assert.deepEqual(
      {
        other: outcome,
        hash: (await findPassword(db, userId))?.passwordHash,
        events: events.slice(2).map(({ name }) => name),
      },
      expected[first],
    )
    await past.close()
  })
}

onPostgres(
  'changes of password and logouts of all cross, with many sessions: nobody waits for the other',
  async (t) => {
    const context = await openContext(t)
    const { db, store, database } = context
    for (let round = 0; round < 40; round++) {
      const userId = await addUser(db, `ada${round}`)
      const sessions = []
      for (let count = 0; count < 10; count++) sessions.push(await addSession(db, userId))
      const change = {
        userId,
        sessionId: sessions[round % 10] ?? '',
        oldHash: 'a hash',
        newHash: 'another',
        generation: 0,
        now: NOW,
        expiresAt: NOW + 60_000,
      }
      const [changed, ended] = await Promise.all([
        updatePassword(db, change, OPERATOR),
        revokeSessionsOfUser(db, { userId, reason: 'logout_all', now: NOW, origin: OPERATOR }),
      ])
      assert.equal((changed?.endedSessions ?? 0) + ended.endedSessions, 10)
    }
    // Each connection of the store reports its deadlocks when it ends.
    await store.close()
    const past = await connect(database)
    const [{ deadlocks }] = await past.query(
      'select deadlocks from pg_stat_database where datname = current_database()',
    )
    assert.equal(Number(deadlocks), 0)
    await past.close()
  },
)

onPostgres('thirty ends of all sessions at once wait for one row: others find a connection', async (t) => {
  const { db, database, store } = await openContext(t)
  const user = await addUser(db)
  await addSession(db, user)
  const past = await connect(database)
  await past.query('begin')
  await past.query('select 1 from users where id = $1 for update', [user])
  const end = { userId: user, reason: 'logout_all', now: NOW, origin: OPERATOR } as const
  const ends = Array.from({ length: 30 }, () => revokeSessionsOfUser(db, end))
  await untilBlocked(past)
  assert.equal((await db.selectFrom('users').select('id').execute()).length, 1)
  assert.equal(store.pool?.().waiting, 0)
  await past.query('commit')
  const ended = await Promise.all(ends)
  assert.equal(
    ended.reduce((sum, { endedSessions }) => sum + endedSessions, 0),
    1,
  )
  await past.close()
})
