import type { UserRow } from '../store/queries/users.ts'
import { findUser, findUserByName } from '../store/queries/users.ts'
import type { Database } from '../store/schema.ts'
import { foldCase } from '../users/fold-case.ts'
import { Failure } from './failure.ts'

/**
 * Finds a user by username or id.
 *
 * @throws {@link Failure} when there is no such user, or when two users match
 */
export async function requireUser(db: Database, nameOrId: string): Promise<UserRow> {
  const byName = await findUserByName(db, foldCase(nameOrId))
  const byId = await findUser(db, nameOrId)
  const user = byName ?? byId
  if (user === undefined) throw new Failure(`no such user: ${nameOrId}`)
  // Anybody may register the id of another user as a username, which could make the operator choose the wrong one.
  if (byName !== undefined && byId !== undefined && byName.id !== byId.id) {
    throw new Failure(
      `${nameOrId} is the id of ${byId.username} and the name of ${byName.id}: use one of these`,
    )
  }
  return user
}
