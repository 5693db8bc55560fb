/** The SQL of the migrations, without a database. */
import type { CompiledQuery, QueryResult } from 'kysely'
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely'
import type { Migration } from 'kysely/migration'
import type { Dialect } from '../../support/database.ts'

const PARTS = {
  sqlite: {
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db: Kysely<unknown>) => new SqliteIntrospector(db),
  },
  postgres: {
    createAdapter: () => new PostgresAdapter(),
    createQueryCompiler: () => new PostgresQueryCompiler(),
    createIntrospector: (db: Kysely<unknown>) => new PostgresIntrospector(db),
  },
}

/** @returns the statements in order */
export async function ddlOf(dialect: Dialect, migration: Migration): Promise<string[]> {
  const statements: string[] = []
  class Recorder extends DummyDriver {
    override async acquireConnection() {
      const none: QueryResult<never> = { rows: [] }
      return {
        async executeQuery({ sql }: CompiledQuery) {
          statements.push(sql)
          return none
        },
        async *streamQuery() {},
      }
    }
  }
  const db = new Kysely<unknown>({ dialect: { ...PARTS[dialect], createDriver: () => new Recorder() } })
  await migration.up(db)
  return statements
}
