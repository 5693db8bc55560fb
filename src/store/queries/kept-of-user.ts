import type { Database } from '../schema.ts'

/** Lists all sessions of a user that are still kept, also those that have ended. Times are in milliseconds. */
export function keptSessions(db: Database, userId: string) {
  return db
    .selectFrom('sessions')
    .select(['id', 'user_agent', 'address', 'created_at', 'rotated_at', 'refreshed_at', 'refresh_count'])
    .select(['expires_at', 'absolute_expires_at', 'revoked_at', 'revoked_reason'])
    .select(['refreshed_address', 'refreshed_user_agent', 'shown', 'jkt', 'claims'])
    .where('user_id', '=', userId)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
}

/** The last reset token of a user, without its hash */
export function keptReset(db: Database, userId: string) {
  return db
    .selectFrom('password_resets')
    .select(['expires_at', 'used_at'])
    .where('user_id', '=', userId)
    .executeTakeFirst()
}

/** Lists the exchanged tokens of a user's sessions. It reads the whole table, which has no index for this. */
export function keptTokens(db: Database, userId: string) {
  const sessions = db.selectFrom('sessions').select('id').where('user_id', '=', userId)
  return db
    .selectFrom('revoked_tokens')
    .select(['jti', 'session_id', 'revoked_at', 'expires_at'])
    .where('session_id', 'in', sessions)
    .orderBy('revoked_at')
    .orderBy('jti')
    .execute()
}

/** Lists the tokens of another system that were traded for a user's sessions, as {@link keptTokens} */
export function keptAdoptions(db: Database, userId: string) {
  const sessions = db.selectFrom('sessions').select('id').where('user_id', '=', userId)
  return db
    .selectFrom('adopted_tokens')
    .select(['jti', 'session_id', 'adopted_at', 'expires_at'])
    .where('session_id', 'in', sessions)
    .orderBy('adopted_at')
    .orderBy('session_id')
    .execute()
}
