import type { ExpressionBuilder } from 'kysely'
import { sql } from 'kysely'
import { fewAtATime } from '../few-at-a-time.ts'
import type { Database, Schema } from '../schema.ts'
import { prepared } from '../statement.ts'
import type { UserRow } from './users.ts'
import { USER } from './users.ts'

export interface TokenSubject {
  readonly sessionId: string
  readonly userId: string
}

// Without the cast, PostgreSQL does not know the type of a parameter in a select list.
const text = (value: string) => sql<string>`cast(${value} as text)`

/**
 * The ids of a session and its user as a CTE with one row, to which both tables are joined. If indexed columns were
 * compared with parameters directly, SQLite would plan the statement again for each bound value, which takes
 * four times as long as executing it.
 */
const withSubject = (db: Database, { sessionId, userId }: TokenSubject) =>
  db.with('subject', (subject) =>
    subject.selectNoFrom([text(sessionId).as('sessionId'), text(userId).as('userId')]),
  )

/** A query for the user, with this session of the user if it exists. */
export const sessionOfUser = (db: Database, subject: TokenSubject) =>
  withSubject(db, subject)
    .selectFrom('subject')
    .innerJoin('users', 'users.id', 'subject.userId')
    .leftJoin('sessions', (join) =>
      join.onRef('sessions.id', '=', 'subject.sessionId').onRef('sessions.user_id', '=', 'users.id'),
    )

/** When all sessions of the user ended, if that covers this session and its row does not say so yet */
export const endingAt = (eb: ExpressionBuilder<Schema, 'users' | 'sessions'>) =>
  eb.case().when('sessions.epoch', '<', eb.ref('users.session_epoch')).then(eb.ref('users.ending_at')).end()

/** The state that decides whether an access token is valid. Times are in milliseconds since the epoch. */
export interface AccessState {
  readonly user: UserRow
  readonly session:
    | {
        readonly revokedAt: number | null
        readonly absoluteExpiresAt: number
        /** Tokens of an earlier generation are from before the last password change made in this session. */
        readonly startGeneration: number
      }
    | undefined
  /** When the token was exchanged, if it was */
  readonly exchangedAt: number | null
}

/** Reads the state of an access token in one query. @returns undefined when the user does not exist */
export async function findAccess(
  db: Database,
  token: TokenSubject & { readonly jti: string },
): Promise<AccessState | undefined> {
  const [row] = await fewAtATime(db, token.userId, () => access(db, token))
  if (row === undefined) return undefined
  const { revokedAt, absoluteExpiresAt, startGeneration, exchangedAt } = row
  const isFound = absoluteExpiresAt !== null && startGeneration !== null
  return {
    user: row,
    session: isFound ? { revokedAt, absoluteExpiresAt, startGeneration } : undefined,
    exchangedAt,
  }
}

const access = prepared((db, token: TokenSubject & { readonly jti: string }) =>
  sessionOfUser(db, token)
    .select(USER)
    .select([
      'sessions.absolute_expires_at as absoluteExpiresAt',
      'sessions.start_generation as startGeneration',
    ])
    .select((eb) => eb.fn.coalesce('sessions.revoked_at', endingAt(eb)).as('revokedAt'))
    .select((eb) =>
      eb
        .selectFrom('revoked_tokens')
        .select('revoked_tokens.revoked_at')
        .where('jti', '=', token.jti)
        .as('exchangedAt'),
    ),
)
