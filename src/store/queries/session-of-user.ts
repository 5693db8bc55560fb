import { sql } from 'kysely'
import type { Database } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { UserRow } from './users.ts'
import { USER } from './users.ts'

export interface TokenSubject {
  readonly sessionId: string
  readonly userId: string
}

// PostgreSQL takes a bare parameter in a select list for text.
const text = (value: string) => sql<string>`cast(${value} as text)`

/**
 * A session and its user as a table of one row, that both are joined to. SQLite looks at what an indexed column of a
 * join is compared with, and plans the whole statement anew for each value that is bound, which takes four times as
 * long as the statement.
 */
const withSubject = (db: Database, { sessionId, userId }: TokenSubject) =>
  db.with('subject', (subject) =>
    subject.selectNoFrom([text(sessionId).as('sessionId'), text(userId).as('userId')]),
  )

/** The user, and that session of theirs if there is one. */
export const sessionOfUser = (db: Database, subject: TokenSubject) =>
  withSubject(db, subject)
    .selectFrom('subject')
    .innerJoin('users', 'users.id', 'subject.userId')
    .leftJoin('sessions', (join) =>
      join.onRef('sessions.id', '=', 'subject.sessionId').onRef('sessions.user_id', '=', 'users.id'),
    )

/** What decides whether an access token is good. Times in milliseconds since the epoch. */
export interface AccessState {
  readonly user: UserRow
  readonly session: { readonly revokedAt: number | null; readonly absoluteExpiresAt: number } | undefined
  readonly isExchanged: boolean
}

/** All of it in one read. @returns undefined when there is no such user */
export async function findAccess(
  db: Database,
  token: TokenSubject & { readonly jti: string },
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

const access = prepared((db, token: TokenSubject & { readonly jti: string }) =>
  sessionOfUser(db, token)
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
