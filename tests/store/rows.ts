/** Rows that are written directly, for states that would take months of clock to reach. */
import { randomUUID } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { Database, Schema } from '../../src/store/schema.ts'
import { DAY } from '../support/service.ts'
import { NOW } from '../support/session-context.ts'

const LIVING = {
  generation: 0,
  created_at: NOW,
  rotated_at: NOW,
  refreshed_at: NOW,
  refresh_count: 0,
  expires_at: NOW + DAY,
  absolute_expires_at: NOW + 90 * DAY,
}

/** @returns the session's id; the session is active, except for the given columns */
export async function addSession(
  db: Database,
  userId: string,
  row: Partial<Insertable<Schema['sessions']>> = {},
): Promise<string> {
  const id = randomUUID()
  const living = { ...LIVING, id, user_id: userId }
  await db
    .insertInto('sessions')
    .values({ ...living, prune_at: row.expires_at ?? living.expires_at, ...row })
    .execute()
  return id
}

/** Active sessions. Their ids are that of the user and a number from 0 on. */
export async function addSessions(db: Database, userId: string, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, index) => ({
    ...LIVING,
    id: `${userId}-${index}`,
    user_id: userId,
    prune_at: LIVING.expires_at,
  }))
  await db.insertInto('sessions').values(rows).execute()
}

/** @returns the token's `jti` */
export async function addRevokedToken(db: Database, sessionId: string, expiresAt: number): Promise<string> {
  const jti = randomUUID()
  const times = { revoked_at: NOW, successor_expires_at: NOW, expires_at: expiresAt }
  await db
    .insertInto('revoked_tokens')
    .values({ jti, session_id: sessionId, ...times })
    .execute()
  return jti
}
