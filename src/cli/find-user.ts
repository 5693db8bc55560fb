import type { UserRow } from '../store/queries/users.ts'
import { findUser, findUserByName } from '../store/queries/users.ts'
import type { Database } from '../store/schema.ts'
import { foldCase } from '../users/fold-case.ts'
import { Failure } from './failure.ts'

/**
 * @param nameOrId whatever `users list` shows
 * @throws {@link Failure} when it is nobody's, or not one user's only
 */
export async function requireUser(db: Database, nameOrId: string): Promise<UserRow> {
  const byName = await findUserByName(db, foldCase(nameOrId))
  const byId = await findUser(db, nameOrId)
  const user = byName ?? byId
  if (user === undefined) throw new Failure(`no such user: ${nameOrId}`)
  // Anybody may register somebody else's id as a name, and have the operator hit the wrong one.
  if (byName !== undefined && byId !== undefined && byName.id !== byId.id) {
    throw new Failure(
      `${nameOrId} is the id of ${byId.username} and the name of ${byName.id}: use one of these`,
    )
  }
  return user
}
