/** Users and sessions, written past the service, and their tokens, made by its own functions: thousands of logins take long. */

import { randomBytes, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pino from 'pino'
import { readServiceSettings } from '../../../src/config/settings.ts'
import type { Core } from '../../../src/http/core.ts'
import { createCore } from '../../../src/http/core.ts'
import { mintAccess, mintRefreshToken } from '../../../src/sessions/mint.ts'
import type { StoreOptions } from '../../../src/store/open.ts'
import type { SessionRow } from '../../../src/store/queries/list-sessions.ts'
import type { Session } from '../../../src/store/queries/sessions.ts'
import { seededRandom } from '../../support/seeded-random.ts'
import { PASSWORD } from '../../support/service.ts'
import { UNLIMITED } from '../../support/values.ts'
import { KEY } from './bound.ts'

/** Tokens of one kind, one a line: each phase has sessions of its own. */
export interface Files {
  readonly warmUp: string
  readonly saturated: string
  readonly paced: string
}

/** `bound`: refresh tokens of sessions that are bound to a key */
export type Kind = 'refresh' | 'bound' | 'access' | 'login'

export interface Sizes {
  readonly users: number
  /** For each phase */
  readonly sessions: number
}

const CHUNK = 500
const SEED = 1

/** What a service needs to run on a database. */
export const environment = (database: StoreOptions) => ({
  ...UNLIMITED,
  // On, so that it is measured, but far away.
  LIMIT_REFRESH_SESSION: '1000000/60',
  LIMIT_REFRESH_USER: '1000000/1',
  JWT_SECRET_KEY: randomBytes(32).toString('base64url'),
  DATABASE_URL: database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url,
  NODE_ENV: 'production',
})

/** @param env of the service */
export async function fill(
  directory: string,
  env: Readonly<Record<string, string>>,
  kind: Kind,
  { users, sessions }: Sizes,
): Promise<Files> {
  const core = await createCore({ ...readServiceSettings(env), log: pino({ level: 'silent' }) })
  const names = Array.from({ length: users }, (_, index) => `user-${index}`)
  await insertUsers(core, names)
  const phase = async (name: string) => {
    const rows = Array.from({ length: sessions }, (_, index) =>
      newSession(core, names[index % users] ?? '', kind === 'bound' ? KEY.thumbprint : null),
    )
    await insertSessions(core, rows)
    const file = join(directory, name)
    writeFileSync(file, `${linesOf(core, kind, inAnyOrder(rows), names).join('\n')}\n`)
    return file
  }
  const files = {
    warmUp: await phase('warm-up'),
    saturated: await phase('saturated'),
    paced: await phase('paced'),
  }
  await core.store.close()
  return files
}

type Row = SessionRow & Session

function linesOf(core: Core, kind: Kind, rows: readonly Row[], names: readonly string[]): string[] {
  if (kind === 'login') return names.map((username) => JSON.stringify({ username, password: PASSWORD }))
  if (kind === 'refresh' || kind === 'bound') return rows.map((row) => mintRefreshToken(core, row, row))
  return rows.map((row) => mintAccess(core, row, core.now()).accessToken)
}

// Neighbours in a table do not refresh one after the other: they would share pages, and a commit of 60 would write a few.
function inAnyOrder<T>(rows: readonly T[]): T[] {
  const random = seededRandom(SEED)
  const places = rows.map((row) => ({ row, place: random() }))
  return places.sort((a, b) => a.place - b.place).map(({ row }) => row)
}

async function insertUsers(core: Core, names: readonly string[]): Promise<void> {
  const shared = { password_hash: await core.passwords.hash(PASSWORD), created_at: core.now() }
  const rows = names.map((name) => ({ id: name, username: name, username_key: name, ...shared }))
  await core.db.insertInto('users').values(rows).execute()
}

function newSession({ now, settings }: Core, userId: string, jkt: string | null): Row {
  const begun = now()
  return {
    id: randomUUID(),
    userId,
    generation: 0,
    createdAt: begun,
    rotatedAt: begun,
    refreshedAt: begun,
    refreshCount: 0,
    expiresAt: begun + settings.refreshTokenTtl,
    absoluteExpiresAt: begun + settings.sessionMaxAge,
    revokedAt: null,
    userAgent: null,
    address: '127.0.0.1',
    refreshedUserAgent: null,
    refreshedAddress: null,
    shown: null,
    lineage: null,
    boundAt: null,
    jkt,
    ...{ claims: null, userClaims: null },
  }
}

async function insertSessions({ db }: Core, rows: readonly Row[]): Promise<void> {
  for (let at = 0; at < rows.length; at += CHUNK) {
    const values = rows.slice(at, at + CHUNK).map((row) => ({
      id: row.id,
      user_id: row.userId,
      generation: row.generation,
      created_at: row.createdAt,
      rotated_at: row.rotatedAt,
      refreshed_at: row.refreshedAt,
      jkt: row.jkt,
      refresh_count: row.refreshCount,
      expires_at: row.expiresAt,
      absolute_expires_at: row.absoluteExpiresAt,
      address: row.address,
    }))
    await db.insertInto('sessions').values(values).execute()
  }
}
