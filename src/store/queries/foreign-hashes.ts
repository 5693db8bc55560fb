/** How much work the password hashes of other systems are, which users have brought along. */
import { sql } from 'kysely'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'

/** Hashes of one family differ only in how much work they are, so that a cheaper one can be topped up. */
export type Family = 'argon2' | 'bcrypt' | 'pbkdf2-sha1' | 'pbkdf2-sha256' | 'pbkdf2-sha512' | 'scrypt'

/** Work by family. The unit is a KiB in one pass, a round, an iteration for each block of output, or a block of scrypt. */
export type Work = Readonly<Partial<Record<Family, number>>>

export interface ForeignWork {
  readonly family: Family
  readonly cost: number
}

/** For a hash that this service has made */
export const OWN_HASH = { foreign_family: null, foreign_cost: null } as const

const FAMILIES: readonly Family[] = [
  'argon2',
  'bcrypt',
  'pbkdf2-sha1',
  'pbkdf2-sha256',
  'pbkdf2-sha512',
  'scrypt',
]

/** @param work undefined for a hash that this service has made */
export const workColumns = (work: ForeignWork | undefined) =>
  work === undefined ? OWN_HASH : { foreign_family: work.family, foreign_cost: work.cost }

/** Finds the most work of each family that any user's hash is. It takes one look at an index for each. */
export async function mostForeignWork(db: Database): Promise<Work> {
  const [row] = await most(db, {})
  return Object.fromEntries(Object.entries(row ?? {}).filter(([, cost]) => cost !== null))
}

const most = prepared((db) =>
  db.selectNoFrom((eb) =>
    FAMILIES.map((family) =>
      eb
        .selectFrom('users')
        .select((of) => of.fn.max('foreign_cost').as('cost'))
        .where('foreign_family', '=', sql.lit(family))
        .as(family),
    ),
  ),
)
