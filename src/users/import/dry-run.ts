import type { Placement } from '../../store/queries/import-users.ts'
import { findPlacements } from '../../store/queries/import-users.ts'
import type { NewUser } from '../../store/queries/insert-user.ts'
import type { Database } from '../../store/schema.ts'
import { createSeen } from '../../store/sqlite/seen.ts'

const EARLIER = 'of an earlier line'

export interface DryRun {
  /** Finds what would become of a batch, after those before it */
  place(users: readonly NewUser[]): Promise<Placement[]>
  close(): void
}

/** Changes nothing. Two lines of the file may clash with each other, so it remembers the ids and names of new users. */
export function createDryRun(db: Database): DryRun {
  const seen = createSeen()

  function placeNew({ id, usernameKey }: NewUser): Placement {
    const both = JSON.stringify([id, usernameKey])
    if (!seen.add(`id ${id}`))
      return seen.add(both) ? { outcome: 'id_taken', username: EARLIER } : { outcome: 'unchanged' }
    if (!seen.add(`name ${usernameKey}`)) return { outcome: 'username_taken', id: EARLIER }
    seen.add(both)
    return { outcome: 'added' }
  }

  return {
    async place(users) {
      const found = await findPlacements(db, users)
      return users.map((user, index) => {
        const placement = found[index] ?? { outcome: 'added' }
        return placement.outcome === 'added' ? placeNew(user) : placement
      })
    },
    close: seen.close,
  }
}
