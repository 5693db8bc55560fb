import type { SessionRow } from '../store/queries/list-sessions.ts'

// refreshed_at, refresh_count, expires_at, refreshed_address, refreshed_user_agent: see `refreshedColumns`. For those of the
// login there is `=`, and nothing.
const SHOWN = /^(\d+) (\d+) (\d+) (\S*)(?: (.*))?$/s

/**
 * A session as its user sees it: without refreshes that are not older than `settledBefore`. An access token must not tell
 * its holder when the session is refreshed. A thief who knew could present a stolen refresh token within the grace window
 * each time, and be taken for a retry.
 *
 * @param settledBefore milliseconds since the epoch
 */
export function asShown(row: SessionRow, settledBefore: number): SessionRow {
  const [, refreshedAt, refreshCount, expiresAt, address, userAgent] = SHOWN.exec(row.shown ?? '') ?? []
  if (refreshedAt === undefined || row.refreshedAt <= settledBefore) return row
  return {
    ...row,
    refreshedAt: Number(refreshedAt),
    refreshCount: Number(refreshCount),
    expiresAt: Number(expiresAt),
    refreshedAddress: address === '=' ? null : (address ?? null),
    refreshedUserAgent: userAgent ?? null,
  }
}
