import type { UserRow } from '../store/queries/users.ts'
import { readClaims, withoutReserved } from '../tokens/own-claims.ts'

const time = (at: number | null) => (at === null ? null : new Date(at).toISOString())

/** A user in JSON, as administration and the command show it */
export const userBody = (user: UserRow) => ({
  id: user.id,
  username: user.username,
  created_at: new Date(user.createdAt).toISOString(),
  last_login_at: time(user.lastLoginAt),
  deactivated_at: time(user.deactivatedAt),
  claims: withoutReserved(readClaims(user.claims)),
})
