import type { Kysely } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds the key of the device that a session is bound to: `docs/adr/0059-dbsc.md`. */
export const dbsc: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema.alterTable('sessions').addColumn('device_key', textOf(db)).execute()
    await db.schema.alterTable('sessions').addColumn('bound_at', 'bigint').execute()
  },
}
