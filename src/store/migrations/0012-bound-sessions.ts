import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds the key that a session is bound to: `docs/adr/0060-dpop.md`. */
export const boundSessions: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('sessions').addColumn('jkt', textOf(db)).execute()
  },
}
