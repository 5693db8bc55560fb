import type { PublicAlgorithm } from '../../tokens/algorithms.ts'
import type { Database } from '../schema.ts'
import { transaction } from '../transaction.ts'

/** What signs access tokens for some time. Times are milliseconds since the epoch. */
export interface KeyRow {
  readonly kid: string
  readonly algorithm: PublicAlgorithm | 'HS256'
  readonly source: 'made' | 'given' | 'secret'
  readonly follows: string | null
  readonly jwk: string | null
  readonly createdAt: number
  readonly signsFrom: number | null
  readonly revokedAt: number | null
}

const COLUMNS = [
  'kid',
  'algorithm',
  'source',
  'follows',
  'jwk',
  'created_at as createdAt',
  'signs_from as signsFrom',
  'revoked_at as revokedAt',
] as const

/** Reads all keys: a handful. */
export async function listKeys(db: Database): Promise<readonly KeyRow[]> {
  const rows = await db
    .selectFrom('signing_keys')
    .select(COLUMNS)
    .orderBy('created_at')
    .orderBy('kid')
    .execute()
  return rows as KeyRow[]
}

/** A change of the schedule. Each part is left out where another process was faster. */
export interface KeyChange {
  /** Keys that have not signed yet, or are over */
  readonly remove?: readonly string[]
  readonly insert?: readonly Omit<KeyRow, 'revokedAt'>[]
  readonly schedule?: readonly { readonly kid: string; readonly signsFrom: number | null }[]
}

export async function changeKeys(
  db: Database,
  { remove = [], insert = [], schedule = [] }: KeyChange,
): Promise<void> {
  if (remove.length + insert.length + schedule.length === 0) return
  await transaction(db, async (trx) => {
    if (remove.length > 0) await trx.deleteFrom('signing_keys').where('kid', 'in', remove).execute()
    // One by one: the second follows the first.
    for (const { createdAt, signsFrom, ...row } of insert) {
      const values = { ...row, created_at: createdAt, signs_from: signsFrom, revoked_at: null }
      await trx
        .insertInto('signing_keys')
        .values(values)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
    }
    for (const { kid, signsFrom } of schedule) {
      await trx
        .updateTable('signing_keys')
        .set({ signs_from: signsFrom })
        .where('kid', '=', kid)
        .where('revoked_at', 'is', null)
        .execute()
    }
  })
}

/** Replaces the encryption of a key, unless another process has done so. */
export async function resealKey(db: Database, kid: string, from: string, to: string): Promise<void> {
  await db
    .updateTable('signing_keys')
    .set({ jwk: to })
    .where('kid', '=', kid)
    .where('jwk', '=', from)
    .execute()
}

/**
 * Ends a key at once, and lets another one sign from now on. The key itself is deleted, and its row stays.
 *
 * @param successor undefined: the key does not sign, or there is no other
 * @returns whether the key was still in use
 */
export function revokeKey(
  db: Database,
  {
    kid,
    successor,
    now,
  }: { readonly kid: string; readonly successor: string | undefined; readonly now: number },
): Promise<boolean> {
  return transaction(db, async (trx) => {
    const { numUpdatedRows } = await trx
      .updateTable('signing_keys')
      .set({ revoked_at: now, jwk: null })
      .where('kid', '=', kid)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    if (numUpdatedRows > 0n && successor !== undefined)
      await trx
        .updateTable('signing_keys')
        .set({ signs_from: now })
        .where('kid', '=', successor)
        .where((eb) => eb.or([eb('signs_from', 'is', null), eb('signs_from', '>', now)]))
        .execute()
    return numUpdatedRows > 0n
  })
}

/** Whether there is no user, so that no token can be around. */
export async function isWithoutUsers(db: Database): Promise<boolean> {
  return (await db.selectFrom('users').select('id').limit(1).executeTakeFirst()) === undefined
}
