/** Sessions by the million, written past the service: they end in another order than they began. */
import type { Connection, Dialect } from '../../support/database.ts'

const DAY = 86_400_000

// As `newId` makes them.
const idAt = {
  sqlite: (
    time: string,
  ) => `printf('%s-%s-7%s-a%s-%s', substr(printf('%012x', ${time}), 1, 8), substr(printf('%012x', ${time}), 9),
    substr(lower(hex(randomblob(2))), 2), substr(lower(hex(randomblob(2))), 2), lower(hex(randomblob(6))))`,
  postgres: (time: string) => `substr(lpad(to_hex(${time}), 12, '0'), 1, 8) || '-' ||
    substr(lpad(to_hex(${time}), 12, '0'), 9) || '-7' || substr(gen_random_uuid()::text, 16)`,
}
const SERIES = {
  sqlite: (count: number) =>
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ${count}) select`,
  postgres: () => 'select',
}
const FROM = {
  sqlite: () => 'from n',
  postgres: (count: number) => `from generate_series(1, ${count}) as n(i)`,
}

// A statement may not take longer than the service would let it.
const CHUNK = 20_000

export async function fillUsers(connection: Connection, dialect: Dialect, count: number): Promise<void> {
  const values = "'user-' || i, 'user-' || i, 'user-' || i, 'none', 0"
  await connection.query(
    `insert into users (id, username, username_key, password_hash, created_at) ${SERIES[dialect](count)} ${values} ${FROM[dialect](count)}`,
  )
}

/**
 * Half of the expired sessions were revoked long ago, and the others ran out; each has a revoked token.
 *
 * @param now milliseconds since the epoch
 */
export async function fillSessions(
  connection: Connection,
  dialect: Dialect,
  { count, users, now, expired }: { count: number; users: number; now: number; expired: boolean },
): Promise<void> {
  const begun = expired ? now - 60 * DAY : now - DAY
  const revoked = expired ? `case when i % 2 = 0 then ${begun} end` : 'null'
  const columns =
    'id, user_id, generation, created_at, rotated_at, refreshed_at, refresh_count, expires_at, absolute_expires_at, revoked_at, user_agent, address, prune_at'
  for (let left = count; left > 0; left -= CHUNK) {
    const size = Math.min(left, CHUNK)
    const values = `${idAt[dialect](`${begun + count - left} + i`)}, 'user-' || (1 + i % ${users}), 3, ${begun}, ${begun}, ${begun} + i, 3,
      ${begun + 30 * DAY} + i, ${begun + 90 * DAY}, ${revoked}, 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101', '192.0.2.1', ${begun + 30 * DAY} + i`
    await connection.query(
      `insert into sessions (${columns}) ${SERIES[dialect](size)} ${values} ${FROM[dialect](size)}`,
    )
  }
  if (!expired) return
  await connection.query(
    `insert into revoked_tokens (jti, session_id, revoked_at, successor_expires_at, expires_at)
      select 'jti-' || id, id, ${begun}, ${begun}, ${begun + DAY} from sessions where created_at = ${begun}`,
  )
}

/** Statistics for the planner, as autovacuum makes them some time later. */
export async function settle(connection: Connection, dialect: Dialect): Promise<void> {
  await connection.query(dialect === 'sqlite' ? 'pragma wal_checkpoint(truncate)' : 'analyze')
}
