import type { Kysely } from 'kysely'
import { sql } from 'kysely'
import type { Migration } from 'kysely/migration'
import { textOf } from './text-of.ts'

/** Adds how much work the password hashes of other systems are: `docs/adr/0063-users-from-elsewhere.md`. */
export const foreignHashes: Migration = {
  async up(db: Kysely<unknown>) {
    const { schema } = db
    await schema.alterTable('users').addColumn('foreign_family', textOf(db)).execute()
    await schema.alterTable('users').addColumn('foreign_cost', 'bigint').execute()
    await schema
      .createIndex('users_foreign')
      .on('users')
      .columns(['foreign_family', 'foreign_cost'])
      .where(sql.ref('foreign_family'), 'is not', null)
      .execute()
  },
}
