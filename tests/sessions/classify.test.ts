/** `docs/glossary.md`, the table of refresh: one test per line, and each boundary to the millisecond. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Classification } from '../../src/sessions/classify.ts'
import { classify } from '../../src/sessions/classify.ts'
import type { SessionState } from '../../src/store/queries/sessions.ts'

const NOW = 1_000_000
const GRACE = 30_000

const living = {
  id: 'session',
  userId: 'user',
  generation: 5,
  createdAt: 0,
  rotatedAt: NOW - 1000,
  refreshedAt: NOW - 1000,
  refreshCount: 5,
  expiresAt: NOW + 1,
  absoluteExpiresAt: NOW + 1,
  revokedAt: null,
  userAgent: null,
  address: null,
  startGeneration: 0,
  cookieAt: null,
}
const active = { id: 'user', deactivatedAt: null }

type Row = readonly [
  what: string,
  state: SessionState | undefined,
  generation: number,
  outcome: Classification,
  grace?: number,
  issuedAt?: number,
]

const state = (
  session: Partial<typeof living> = {},
  user: Partial<SessionState['user']> = {},
): SessionState => ({
  user: { ...active, ...user },
  session: { ...living, ...session },
  asOf: NOW,
})
const revoked = { ...living, revokedAt: 1 }

const table: readonly Row[] = [
  ['no such user', undefined, 5, 'unknown_user'],
  ['an inactive user', state({}, { deactivatedAt: 1 }), 5, 'inactive_user'],
  [
    'an inactive user of a session that is gone',
    { ...state({}, { deactivatedAt: 1 }), session: undefined },
    5,
    'inactive_user',
  ],
  ['no such session', { ...state(), session: undefined }, 5, 'unknown_session'],
  ['a revoked session, current token', state(revoked as never), 5, 'revoked'],
  ['a revoked session, predecessor', state(revoked as never), 4, 'revoked'],
  ['a revoked session, older token', state(revoked as never), 1, 'revoked'],
  ['past the idle deadline', state({ expiresAt: NOW }), 5, 'expired'],
  ['past the idle deadline, older token', state({ expiresAt: NOW }), 1, 'expired'],
  ['past the absolute deadline', state({ absoluteExpiresAt: NOW }), 5, 'expired'],
  ['current, and it could be rotated', state(), 5, 'current'],
  ['predecessor within the grace window', state(), 4, 'replayed'],
  ['predecessor at its end', state({ rotatedAt: NOW - GRACE }), 4, 'replayed'],
  ['predecessor a millisecond after it', state({ rotatedAt: NOW - GRACE - 1 }), 4, 'reused'],
  [
    'predecessor of a rotation that a clock set back puts into the future',
    state({ rotatedAt: NOW + 1000 }),
    4,
    'replayed',
  ],
  ['predecessor, a whole grace window before the rotation', state({ rotatedAt: NOW + GRACE }), 4, 'replayed'],
  ['predecessor a millisecond before it', state({ rotatedAt: NOW + GRACE + 1 }), 4, 'reused'],
  [
    'predecessor a minute before it, with a longer grace window',
    state({ rotatedAt: NOW + 60_000 }),
    4,
    'replayed',
    600_000,
  ],
  ['predecessor a millisecond before that minute', state({ rotatedAt: NOW + 60_001 }), 4, 'reused', 600_000],
  ['predecessor, strict', state({ rotatedAt: NOW }), 4, 'reused', 0],
  ['predecessor, strict, clock set back', state({ rotatedAt: NOW + 1000 }), 4, 'reused', 0],
  ['two behind, at once', state({ rotatedAt: NOW }), 3, 'reused'],
  ['the first of all', state(), 0, 'reused'],
  ['one ahead', state(), 6, 'restored'],
  ['far ahead', state(), Number.MAX_SAFE_INTEGER, 'restored'],
  ['one ahead, past the idle deadline of the row', state({ expiresAt: NOW }), 6, 'restored'],
  ['one ahead, past the absolute deadline', state({ absoluteExpiresAt: NOW }), 6, 'expired'],
  ['one ahead of a revoked session', state(revoked as never), 6, 'revoked'],
  ['from before a password change', state({ startGeneration: 5 }), 4, 'superseded'],
  ['long before a password change', state({ startGeneration: 5 }), 0, 'superseded'],
  [
    'from before a password change, past the grace',
    state({ startGeneration: 5, rotatedAt: 0 }),
    4,
    'superseded',
  ],
  ['predecessor since a password change', state({ startGeneration: 4 }), 4, 'replayed'],
  ['older, but since a password change', state({ startGeneration: 3 }), 3, 'reused'],
  [
    'predecessor within the grace by the clock that began it',
    { ...state({ rotatedAt: NOW + 120_000 }), asOf: NOW + 121_000 },
    4,
    'replayed',
  ],
  ['current by number, issued before', state(), 5, 'restored', GRACE, NOW - 2000],
  ['current by number, issued after', state(), 5, 'restored', GRACE, NOW],
  ['current by number, past the idle deadline', state({ expiresAt: NOW }), 5, 'restored', GRACE, NOW],
  ['current, at the end of its second', state({ rotatedAt: NOW - 1 }), 5, 'current'],
  ['predecessor, whenever it was issued', state(), 4, 'replayed', GRACE, 0],
]

for (const [what, given, generation, outcome, grace = GRACE, issuedAt = NOW - 1000] of table) {
  test(`${what}: ${outcome}`, () =>
    assert.equal(classify(given, { generation, issuedAt }, NOW, grace), outcome))
}
