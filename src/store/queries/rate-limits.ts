import type { ExpressionBuilder, Transaction } from 'kysely'
import { sql } from 'kysely'
import type { Database, Schema } from '../schema.ts'
import { prepared } from '../statement.ts'

/** A counter. Times are in milliseconds since the epoch. */
export interface Count {
  readonly points: number
  readonly expiresAt: number
}

export interface Points extends Count {
  readonly key: string
  readonly now: number
  /** A row that expires later was written before the clock was set back. It counts as expired. */
  readonly latest: number
}

const COUNT = ['points', 'expires_at as expiresAt'] as const

/**
 * Adds points in one statement, so that concurrent callers get different sums. An expired counter restarts.
 *
 * @param given negative `points` give points back. The sum never falls below 0.
 */
export async function addPoints(db: Database, given: Points): Promise<Count> {
  const [count] = await add(db, { ...given, initial: Math.max(0, given.points) })
  if (count === undefined) throw new TypeError('a counter without a row')
  return count
}

const isOver = (eb: ExpressionBuilder<Schema, 'rate_limits'>, now: number, latest: number) =>
  eb.or([eb('rate_limits.expires_at', '<=', now), eb('rate_limits.expires_at', '>', latest)])

type Addition = Points & { readonly initial: number }

const add = prepared((db, { key, points, initial, now, expiresAt, latest }: Addition) =>
  db
    .insertInto('rate_limits')
    .values({ key, points: initial, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({
        points: eb
          .case()
          .when(isOver(eb, now, latest))
          .then(eb.ref('excluded.points'))
          .when(eb('rate_limits.points', '+', points), '<', 0)
          .then(eb.lit(0))
          .else(eb('rate_limits.points', '+', points))
          .end(),
        expires_at: eb
          .case()
          .when(isOver(eb, now, latest))
          .then(eb.ref('excluded.expires_at'))
          .else(eb.ref('rate_limits.expires_at'))
          .end(),
      })),
    )
    .returning(COUNT),
)

/** Replaces a counter. */
export async function setPoints(db: Database, given: Count & { readonly key: string }): Promise<Count> {
  await set(db, given)
  return given
}

const set = prepared((db, { key, points, expiresAt }: Count & { readonly key: string }) =>
  db
    .insertInto('rate_limits')
    .values({ key, points, expires_at: expiresAt })
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({
        points: eb.ref('excluded.points'),
        expires_at: eb.ref('excluded.expires_at'),
      })),
    )
    .returning(COUNT),
)

/** Writes a row that goes with its user. Without such a user nothing is written. */
export async function rememberUser(
  db: Database,
  {
    key,
    expiresAt,
    usernameKey,
  }: Pick<Count, 'expiresAt'> & { readonly key: string; readonly usernameKey: string },
): Promise<void> {
  await db
    .insertInto('rate_limits')
    .columns(['key', 'points', 'expires_at', 'user_id'])
    .expression(
      db
        .selectFrom('users')
        .select([
          sql<string>`cast(${key} as text)`.as('key'),
          sql<number>`1`.as('points'),
          sql<number>`cast(${expiresAt} as bigint)`.as('expires_at'),
          'users.id as user_id',
        ])
        .where('username_key', '=', usernameKey),
    )
    .onConflict((conflict) =>
      conflict.column('key').doUpdateSet((eb) => ({
        expires_at: eb.ref('excluded.expires_at'),
        user_id: eb.ref('excluded.user_id'),
      })),
    )
    .execute()
}

// `;` follows `:` in the order of bytes.
const below = (eb: ExpressionBuilder<Schema, 'rate_limits'>, prefix: string) =>
  eb.and([eb('key', '>', `${prefix}:`), eb('key', '<', `${prefix};`)])

/**
 * Moves the remembered logins of a user who gets another name.
 *
 * @param prefixes of the keys, without the last colon. Undefined: the logins are forgotten.
 */
export async function moveRemembered(
  trx: Transaction<Schema>,
  userId: string,
  prefixes: { readonly from: string; readonly to: string } | undefined,
): Promise<void> {
  const deletion = trx.deleteFrom('rate_limits')
  if (prefixes === undefined) {
    await deletion.where('user_id', '=', userId).execute()
    return
  }
  const { from, to } = prefixes
  // Those with the previous secret, and what a user who had this name before has left
  await deletion
    .where('user_id', '=', userId)
    .where((eb) => eb.not(below(eb, from)))
    .execute()
  await deletion.where((eb) => below(eb, to)).execute()
  await trx
    .updateTable('rate_limits')
    .set({ key: sql<string>`cast(${to} as text) || substr(key, ${sql.lit(from.length + 1)})` })
    .where('user_id', '=', userId)
    .execute()
}

/** A row about a user, for the user */
export interface KeptCount extends Count {
  readonly key: string
}

/**
 * Lists the rows of a user, that with the key `alone`, and those whose keys are, or begin with one of `keys` and a colon.
 * `alone` may end with an id in which a colon is part of the id.
 */
export function listPoints(
  db: Database,
  userId: string,
  { keys, alone }: { readonly keys: readonly string[]; readonly alone: string },
): Promise<KeptCount[]> {
  return db
    .selectFrom('rate_limits')
    .select(['key', ...COUNT])
    .where((eb) =>
      eb.or([
        eb('user_id', '=', userId),
        eb('key', '=', alone),
        ...keys.map((key) => eb('key', '=', key)),
        ...keys.map((key) => below(eb, key)),
      ]),
    )
    .orderBy('key')
    .execute()
}

/** @returns undefined when there is no counter, or when it has expired */
export async function findPoints(db: Database, key: string, now: number): Promise<Count | undefined> {
  const [count] = await find(db, { key, now })
  return count
}

const find = prepared((db, { key, now }: { readonly key: string; readonly now: number }) =>
  db.selectFrom('rate_limits').select(COUNT).where('key', '=', key).where('expires_at', '>', now),
)

/** @returns whether there was a counter */
export async function deletePoints(db: Database, key: string): Promise<boolean> {
  const [row] = await remove(db, { key })
  return row !== undefined
}

const remove = prepared((db, { key }: { readonly key: string }) =>
  db.deleteFrom('rate_limits').where('key', '=', key).returning('key'),
)
