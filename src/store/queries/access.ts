import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { Wanted } from './session-of-user.ts'
import { selectWanted } from './session-of-user.ts'
import type { UserRow } from './users.ts'
import { USER } from './users.ts'

/** What decides whether an access token is good. Times in milliseconds since the epoch. */
export interface AccessState {
  readonly user: UserRow
  readonly session: { readonly revokedAt: number | null; readonly absoluteExpiresAt: number } | undefined
  readonly isExchanged: boolean
}

/** All of it in one read. @returns undefined when there is no such user */
export async function findAccess(
  db: Database,
  token: Wanted & { readonly jti: string },
): Promise<AccessState | undefined> {
  const [row] = await access(db, token)
  if (row === undefined) return undefined
  const { revokedAt, absoluteExpiresAt, exchangedAt } = row
  return {
    user: row,
    session: absoluteExpiresAt === null ? undefined : { revokedAt, absoluteExpiresAt },
    isExchanged: exchangedAt !== null,
  }
}

const access = prepared((db, token: Wanted & { readonly jti: string }) =>
  selectWanted(db, token)
    .select(USER)
    .select(['sessions.revoked_at as revokedAt', 'sessions.absolute_expires_at as absoluteExpiresAt'])
    .select((eb) =>
      eb
        .selectFrom('revoked_tokens')
        .select('revoked_tokens.revoked_at')
        .where('jti', '=', token.jti)
        .as('exchangedAt'),
    ),
)
