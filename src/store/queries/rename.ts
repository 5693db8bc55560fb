import type { Transaction } from 'kysely'
import type { Database, Schema } from '../schema.ts'
import { locked } from '../statement.ts'
import { transaction } from '../transaction.ts'
import type { NewEvent, Origin } from './events.ts'
import { insertEvents } from './events.ts'
import { moveRemembered } from './rate-limits.ts'
import type { UserRow } from './users.ts'
import { USER } from './users.ts'

export interface Rename {
  readonly id: string
  readonly username: string
  readonly usernameKey: string
  readonly now: number
  /** Makes the prefix of the keys of remembered logins by a folded name. Undefined without a secret: they are forgotten. */
  readonly rememberedAs: ((usernameKey: string) => string) | undefined
}

export type Renaming =
  | { readonly outcome: 'renamed'; readonly user: UserRow; readonly events: readonly NewEvent[] }
  | { readonly outcome: 'taken' }
  | { readonly outcome: 'unknown_user' }

/** Gives a user another name. Sessions go on, because tokens carry the id. Nothing happens if the user has that name. */
export async function renameUser(db: Database, rename: Rename, origin: Origin): Promise<Renaming> {
  try {
    return await transaction(db, (trx) => renameRow(trx, rename, origin))
  } catch (error) {
    // Another transaction took the name after our query. SQLite has one writer at a time.
    if (isUniqueViolation(error)) return { outcome: 'taken' }
    throw error
  }
}

async function renameRow(trx: Transaction<Schema>, rename: Rename, origin: Origin): Promise<Renaming> {
  const { id, username, usernameKey, now, rememberedAs } = rename
  const query = trx
    .selectFrom('users')
    .select(USER)
    .select('username_key as usernameKey')
    .where('id', '=', id)
  const found = await locked(trx, query).executeTakeFirst()
  if (found === undefined) return { outcome: 'unknown_user' }
  const { usernameKey: oldKey, ...user } = found
  if (user.username === username) return { outcome: 'renamed', user, events: [] }
  if (usernameKey !== oldKey) {
    const other = trx.selectFrom('users').select('id').where('username_key', '=', usernameKey)
    if ((await other.executeTakeFirst()) !== undefined) return { outcome: 'taken' }
    await moveRemembered(
      trx,
      id,
      rememberedAs && { from: rememberedAs(oldKey), to: rememberedAs(usernameKey) },
    )
  }
  await trx.updateTable('users').set({ username, username_key: usernameKey }).where('id', '=', id).execute()
  const events: NewEvent[] = [{ name: 'user.renamed', userId: id, reason: 'operator' }]
  await insertEvents(trx, events, now, origin)
  return { outcome: 'renamed', user: { ...user, username }, events }
}

// PostgreSQL, appendix A: unique_violation
const isUniqueViolation = (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === '23505'
