import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds what the last rotation was made with: `docs/adr/0056-marked-copies.md` and `docs/adr/0057-late-retries.md`. */
export const lineage: Migration = {
  async up(db: Kysely<unknown>) {
    const text = textOf(db)
    for (const column of ['lineage', 'refreshed_address', 'refreshed_user_agent', 'shown'])
      await db.schema.alterTable('sessions').addColumn(column, text).execute()
  },
}
