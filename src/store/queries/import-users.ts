import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'
import type { NewUser } from './insert-user.ts'
import { deletedIds, userColumns } from './insert-user.ts'

/** What became of a user of an import */
export type Placement =
  | { readonly outcome: 'added' }
  /** The user is there, just so. */
  | { readonly outcome: 'unchanged' }
  /** The user is there, and has changed since: has logged in or got another password or other claims, or was deactivated or activated. */
  | { readonly outcome: 'kept' }
  | { readonly outcome: 'id_taken'; readonly username: string }
  | { readonly outcome: 'id_deleted' }
  | { readonly outcome: 'username_taken'; readonly id: string }

const ADDED = { outcome: 'added' } as const

/**
 * Adds the users of a batch who are not there yet, and changes nothing of the others. So an import can be repeated, and two
 * processes can import at once. It writes no events: see `docs/adr/0063-users-from-elsewhere.md`.
 */
export async function importUsers(db: Database, users: readonly NewUser[]): Promise<Placement[]> {
  const before = await findPlacements(db, users)
  const fresh = users.filter((_, index) => before[index]?.outcome === 'added')
  if (fresh.length === 0) return before
  return transaction(db, async (trx) => {
    const added = await insertAll(trx, fresh)
    const rest = users.filter((user) => !added.has(user))
    const found = await findPlacements(trx, rest)
    return users.map((user) => (added.has(user) ? ADDED : notAdded(found[rest.indexOf(user)])))
  })
}

/** Another import may have added and deleted the user in between. */
const notAdded = (placement: Placement = ADDED): Placement =>
  placement.outcome === 'added' ? { outcome: 'id_deleted' } : placement

async function insertAll(trx: Database, users: readonly NewUser[]): Promise<ReadonlySet<NewUser>> {
  // Of two users with one id, the first counts. Imports take the locks of their rows in one order.
  const firsts = new Map<string, NewUser>()
  for (const user of users) if (!firsts.has(user.id)) firsts.set(user.id, user)
  const sorted = [...firsts.values()].sort((one, two) => (one.id < two.id ? -1 : 1))
  const rows = await trx
    .insertInto('users')
    .values(sorted.map(userColumns))
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .execute()
  const ids = rows.map(({ id }) => id)
  const deleted = ids.length === 0 ? new Set<string>() : await deletedIds(trx, ids)
  if (deleted.size > 0)
    await trx
      .deleteFrom('users')
      .where('id', 'in', [...deleted])
      .execute()
  return new Set(ids.flatMap((id) => (deleted.has(id) ? [] : (firsts.get(id) ?? []))))
}

/** Finds what would become of users, without adding any. Two of them may clash with each other. */
export async function findPlacements(db: Database, users: readonly NewUser[]): Promise<Placement[]> {
  if (users.length === 0) return []
  const ids = users.map(({ id }) => id)
  const keys = users.map(({ usernameKey }) => usernameKey)
  // One statement: with two, another import may commit a user in between, who would seem to clash with themselves.
  const rows = await db
    .selectFrom('users')
    .select(['id', 'username', 'username_key', 'password_hash', 'created_at', 'deactivated_at', 'claims'])
    .where((eb) => eb.or([eb('id', 'in', ids), eb('username_key', 'in', keys)]))
    .execute()
  const byId = new Map(rows.map((row) => [row.id, row]))
  const byName = new Map(rows.map((row) => [row.username_key, row]))
  const absent = ids.filter((id) => !byId.has(id))
  const deleted = absent.length === 0 ? new Set<string>() : await deletedIds(db, absent)
  return users.map((user): Placement => {
    const row = byId.get(user.id)
    if (row !== undefined && row.username_key !== user.usernameKey)
      return { outcome: 'id_taken', username: row.username }
    if (row !== undefined) return { outcome: isAsGiven(row, user) ? 'unchanged' : 'kept' }
    if (deleted.has(user.id)) return { outcome: 'id_deleted' }
    const other = byName.get(user.usernameKey)
    return other === undefined ? ADDED : { outcome: 'username_taken', id: other.id }
  })
}

interface Known {
  readonly username: string
  readonly password_hash: string
  readonly created_at: number
  readonly deactivated_at: number | null
  readonly claims: string | null
}

const isAsGiven = (row: Known, user: NewUser): boolean =>
  row.username === user.username &&
  row.password_hash === user.passwordHash &&
  (user.createdAt ?? row.created_at) === row.created_at &&
  (user.isDeactivated === true) === (row.deactivated_at !== null) &&
  (user.claims ?? null) === row.claims
