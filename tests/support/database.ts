/** The databases that tests run on, all of them real: SQLite in a file of its own, PostgreSQL on the tests' own server. */
import { randomUUID } from 'node:crypto'
import { copyFileSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test as testOnce } from 'node:test'
import SQLite from 'better-sqlite3'
import { Client, types } from 'pg'
import type { StoreOptions } from '../../src/store/open.ts'
import { serverUrl, TEMPLATE } from './postgres/server.ts'
import { temporaryDirectory } from './temporary.ts'

/** Carries the path of a SQLite file with the schema in it and no rows to the processes of the test files. */
export const SQLITE_TEMPLATE = 'REKINDLE_TEST_SQLITE'

export const DIALECTS = ['sqlite', 'postgres'] as const
export type Dialect = (typeof DIALECTS)[number]

/** What a test on each dialect is given; `startService(t)` and its like go by it. */
export type DialectContext = TestContext & { readonly dialect: Dialect }

// One alone: see quick.ts
const WANTED = DIALECTS.filter((dialect) => (process.env['TEST_DIALECT'] ?? dialect) === dialect)

/** One test for each dialect. */
export function test(name: string, body: (t: DialectContext) => unknown): void {
  for (const dialect of WANTED) {
    void testOnce(`${name} [${dialect}]`, async (t) => {
      await body(Object.assign(t, { dialect }))
    })
  }
}

// A second instead of our two: the tests wait for many a lock.
const PARAMETERS = '?lock_timeout=1000'

let administrator: Promise<Client> | undefined
let statements = 0

/** By one connection for all databases of a test file, which keeps nothing from ending. */
async function administer(statement: string): Promise<void> {
  administrator ??= serverUrl().then(async (server) => {
    const client = new Client(`${server}/postgres`)
    client.on('error', () => {})
    await client.connect()
    return client
  })
  const client = await administrator
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  if (statements++ === 0) stream.ref()
  await client.query(statement).finally(() => {
    if (--statements === 0) stream.unref()
  })
}

/**
 * A database of the test's own, that goes when the test ends.
 *
 * @param from what it is a copy of, and how: with `template0` it has no tables. A SQLite file has them when
 * global.ts has made one, and is not there yet otherwise.
 */
export async function freshDatabase(
  t: Pick<TestContext, 'after'>,
  dialect: Dialect,
  from = TEMPLATE,
): Promise<StoreOptions> {
  if (dialect === 'sqlite') {
    const directory = temporaryDirectory('test')
    t.after(() => rmSync(directory, { recursive: true, force: true }))
    const file = join(directory, 'rekindle.db')
    const template = process.env[SQLITE_TEMPLATE]
    if (from === TEMPLATE && template !== undefined) copyFileSync(template, file)
    return { dialect, file }
  }
  const server = await serverUrl()
  const name = `test_${randomUUID().replaceAll('-', '')}`
  // By default every page goes through the log, which takes twice the time.
  await administer(`create database ${name} template ${from} strategy file_copy`)
  t.after(() => administer(`drop database if exists ${name} with (force)`))
  return { dialect, url: `${server}/${name}${PARAMETERS}` }
}

export interface Connection {
  /** @returns rows, if the statement makes any */
  // biome-ignore lint/suspicious/noExplicitAny: rows of all sorts
  query(statement: string, parameters?: readonly unknown[]): Promise<any[]>
  close(): Promise<void>
}

/** A way past the service. */
export async function connect(database: StoreOptions): Promise<Connection> {
  if (database.dialect === 'sqlite') {
    const sqlite = new SQLite(database.file)
    return {
      async query(text, parameters = []) {
        const statement = sqlite.prepare<unknown[]>(text)
        if (statement.reader) return statement.all(...parameters)
        statement.run(...parameters)
        return []
      },
      close: async () => void sqlite.close(),
    }
  }
  const numbers = {
    getTypeParser: ((oid, format) =>
      oid === types.builtins.INT8 ? Number : types.getTypeParser(oid, format)) as typeof types.getTypeParser,
  }
  const client = new Client({ connectionString: database.url, types: numbers })
  // The database may be dropped underneath it.
  client.on('error', () => {})
  await client.connect()
  return {
    query: async (text, parameters = []) => (await client.query(text, [...parameters])).rows,
    close: () => client.end(),
  }
}

const TABLES = {
  sqlite: "select name from sqlite_master where type = 'table' order by name",
  postgres: "select tablename as name from pg_tables where schemaname = 'public' order by 1",
}

/**
 * Every table with all of its rows, read past the service: what was changed shows as a difference. Not the events, which
 * refusals that change nothing else are kept in: see tests/events.
 */
export async function snapshot(database: StoreOptions): Promise<unknown> {
  if (database.dialect === 'postgres') return snapshotOfPostgres(database)
  const connection = await connect(database)
  return allRows(connection, database.dialect).finally(() => connection.close())
}

async function allRows(connection: Connection, dialect: Dialect): Promise<unknown> {
  const tables = await connection.query(TABLES[dialect])
  const rows = []
  for (const { name } of tables) {
    if (name === 'events' || name === 'sqlite_sequence') continue
    rows.push([name, await connection.query(`select * from "${name}" order by 1`)])
  }
  return rows
}

const readers = new Map<string, Promise<Connection>>()

/** By one connection, which goes with the database: to make one takes longer than to read all rows. */
async function snapshotOfPostgres(database: StoreOptions & { readonly url: string }): Promise<unknown> {
  const known = readers.get(database.url)
  const reader = known ?? connect(database)
  readers.set(database.url, reader)
  try {
    return await allRows(await reader, 'postgres')
  } catch (error) {
    readers.delete(database.url)
    // The server may have been gone since.
    if (known === undefined) throw error
    return snapshotOfPostgres(database)
  }
}
