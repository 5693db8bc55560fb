import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds the claims of users and sessions that access tokens carry: `docs/adr/0064-claims.md`. */
export const claims: Migration = {
  async up(db: Kysely<unknown>) {
    for (const table of ['users', 'sessions'])
      await db.schema.alterTable(table).addColumn('claims', textOf(db)).execute()
  },
}
