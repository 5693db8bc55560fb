/**
 * Run at a release. Writes `VERSION.sqlite.sql` and `VERSION.postgres.sql`, the schema of this version with a few rows in
 * each table, and for each a `.json` with the tokens of its users. All later versions have to continue from there. Also
 * writes `.statements.json`: the statements of this version, for the time when the next one has migrated the database.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import packageJson from '../../../package.json' with { type: 'json' }
import { pruneAll } from '../../../src/sessions/prune.ts'
import { migrations } from '../../../src/store/migrations.ts'
import type { Connection } from '../../support/database.ts'
import { connect, DIALECTS } from '../../support/database.ts'
import { LIMITS, MINUTE, PASSWORD, startService } from '../../support/service.ts'
import { recordStatements } from '../statements.ts'
import { ddlOf } from './ddl.ts'

// Parents first
const TABLES = [
  'users',
  'sessions',
  'revoked_tokens',
  'rate_limits',
  'kysely_migration',
  'kysely_migration_lock',
]

// As Kysely creates them
const BOOKS = [
  `create table "kysely_migration" ("name" varchar(255) not null primary key, "timestamp" varchar(255) not null)`,
  `create table "kysely_migration_lock" ("id" varchar(255) not null primary key, "is_locked" integer default 0 not null)`,
]

const literal = (value: unknown) =>
  typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value)

async function insertsOf(connection: Connection): Promise<string[]> {
  const inserts: string[] = []
  for (const table of TABLES) {
    const rows = await connection.query(`select * from ${table} order by 1`)
    assert.ok(rows.length > 0, table)
    for (const row of rows) {
      const columns = Object.keys(row).join(', ')
      inserts.push(`insert into ${table} (${columns}) values (${Object.values(row).map(literal).join(', ')})`)
    }
  }
  return inserts
}

/** Sessions in all states: rotated, exchanged, logged out, revoked with a deactivated user. */
async function live(service: Awaited<ReturnType<typeof startService>>) {
  await service.register()
  await service.register("O'Brien")
  const first = await service.login()
  const over = await service.login()
  await service.login("O'Brien")
  service.clock.now += MINUTE
  const { body } = await service.refresh(first.refreshToken)
  const exchanged = await service.exchange(first.accessToken)
  await service.request('/api/auth/logout', { method: 'POST', bearer: over.refreshToken })
  return {
    now: service.clock.now,
    superseded: first.refreshToken,
    current: body.data.refresh_token,
    access: exchanged.body.access_token,
    over: over.refreshToken,
  }
}

/** All other operations of a service */
async function goOn(service: Awaited<ReturnType<typeof startService>>) {
  const { accessToken: bearer } = await service.login()
  const { refreshToken } = await service.login()
  for (let time = 0; time < 2; time++) await service.refresh(refreshToken)
  for (let time = 0; time < 2; time++) await service.exchange(bearer)
  const { accessToken } = await service.login()
  await service.request('/api/auth/me', { bearer: accessToken })
  const { body } = await service.request('/api/auth/sessions', { bearer: accessToken })
  const [{ id }] = body.data.sessions
  await service.request(`/api/auth/sessions/${id}`, { method: 'DELETE', bearer: accessToken })
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  await service.request('/api/auth/password', { bearer: accessToken, json })
  await service.request('/api/auth/logout_all', { method: 'POST', bearer: accessToken })
  await pruneAll(service.core)
}

// Without the queries of this program itself, which read whole tables.
const isAsked = (statement: string) => /^(select (?!\*)|insert|update|delete|with)/.test(statement)

const place = (name: string) => new URL(`${packageJson.version}.${name}`, import.meta.url)

const endings: (() => Promise<void> | void)[] = []
const context = { after: (end: () => Promise<void> | void) => void endings.push(end) } as never
for (const dialect of DIALECTS) {
  const recording = recordStatements(context)
  const service = await startService(context, { limits: LIMITS }, undefined, dialect)
  recording.executed.length = 0
  const tokens = await live(service)
  const connection = await connect(service.database)
  const statements = [...BOOKS]
  for (const migration of Object.values(migrations)) statements.push(...(await ddlOf(dialect, migration)))
  statements.push(...(await insertsOf(connection)))
  await connection.close()
  await goOn(service)
  const asked = new Set(recording.executed.map((statement) => statement.sql).filter(isAsked))
  writeFileSync(place(`${dialect}.statements.json`), `${JSON.stringify([...asked].sort(), null, 2)}\n`)
  writeFileSync(place(`${dialect}.sql`), `${statements.join(';\n')};\n`)
  writeFileSync(place(`${dialect}.json`), `${JSON.stringify(tokens, null, 2)}\n`)
}
for (const end of endings) await end()
