/** `docs/glossary.md`, the table of refresh: one test per line, and each boundary to the millisecond. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Classification } from '../../src/sessions/classify.ts'
import { classify } from '../../src/sessions/classify.ts'
import { writeLineage } from '../../src/sessions/lineage.ts'
import type { SessionState } from '../../src/store/queries/sessions.ts'
import { UNPRESENTED } from '../../src/store/queries/sessions.ts'

const NOW = 1_000_000
const GRACE = 30_000
const HOUR = 3_600_000
const LATE = 24 * HOUR

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
  lineage: null as string | null,
  deviceKey: null as string | null,
  boundAt: null as number | null,
  jkt: null as string | null,
  claims: null,
  userClaims: null,
}
// No request proves a key, unless a row says so. Bindings to devices of the last half minute are not in force.
const NO_PROOF = { jkt: '', deviceKey: '', bindingsUntil: NOW - 30_000 }

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
    assert.equal(
      classify(given, { generation, issuedAt, caller: 'owner', ...NO_PROOF }, NOW, {
        grace,
        lateRetry: LATE,
      }),
      outcome,
    ))
}

const rotatedBy = (copy: string | undefined, caller: string, predecessor = 4) =>
  writeLineage(5, { predecessor, copy, caller })
const ofOwner = rotatedBy('owner', 'owner')
const presented = ofOwner.slice(0, -UNPRESENTED.length)
const afterGrace = NOW - GRACE - 1

type Retry = readonly [
  what: string,
  session: Partial<typeof living>,
  token: {
    readonly generation?: number
    readonly mark?: string | undefined
    readonly caller?: string
    readonly jkt?: string
    readonly issuedAt?: number
  },
  outcome: Classification,
  windows?: { readonly grace?: number; readonly lateRetry?: number },
]

const retries: readonly Retry[] = [
  ['a millisecond after the grace', { lineage: ofOwner, rotatedAt: afterGrace }, {}, 'late'],
  ['a stall: from another network', { lineage: ofOwner, rotatedAt: afterGrace }, { caller: 'road' }, 'late'],
  ['at the end of the late window', { lineage: ofOwner, rotatedAt: NOW - LATE }, {}, 'late'],
  ['a millisecond after it', { lineage: ofOwner, rotatedAt: NOW - LATE - 1 }, {}, 'reused'],
  ['no late window', { lineage: ofOwner, rotatedAt: afterGrace }, {}, 'reused', { lateRetry: 0 }],
  ['a late window within the grace', { lineage: ofOwner }, {}, 'replayed', { lateRetry: 1 }],
  ['strict', { lineage: ofOwner, rotatedAt: NOW - 1 }, {}, 'reused', { grace: 0 }],
  ['the current token was presented', { lineage: presented, rotatedAt: afterGrace }, {}, 'reused'],
  ['presented, within the grace', { lineage: presented }, {}, 'replayed'],
  ['begun by a login or a password change', { lineage: null, rotatedAt: afterGrace }, {}, 'reused'],
  ['rotated by an older version', { lineage: '4 3 owner owner +', rotatedAt: afterGrace }, {}, 'reused'],
  ['a clock set back a day', { lineage: ofOwner, rotatedAt: NOW + 24 * HOUR }, {}, 'reused'],
  ['two behind', { lineage: ofOwner, rotatedAt: afterGrace }, { generation: 3 }, 'reused'],
  [
    'after a late retry, what it presented',
    { lineage: rotatedBy('owner', 'owner', 3) },
    { generation: 3 },
    'replayed',
  ],
  [
    'after a late retry and the grace, the same again',
    { lineage: rotatedBy('owner', 'owner', 3), rotatedAt: afterGrace },
    { generation: 3 },
    'late',
  ],
  [
    'after a late retry, the skipped token',
    { lineage: rotatedBy('owner', 'owner', 3) },
    { generation: 4 },
    'reused',
  ],
  [
    'after two late retries, the second skipped token',
    { lineage: rotatedBy('owner', 'owner', 2) },
    { generation: 4 },
    'reused',
  ],
  [
    'after two late retries, the first skipped token',
    { lineage: rotatedBy('owner', 'owner', 2) },
    { generation: 3 },
    'reused',
  ],
  [
    'late, from before a password change',
    { lineage: ofOwner, rotatedAt: afterGrace, startGeneration: 5 },
    {},
    'superseded',
  ],
  [
    'late, the session is revoked',
    { lineage: ofOwner, rotatedAt: afterGrace, revokedAt: 1 as never },
    {},
    'revoked',
  ],
  [
    'late, past the idle deadline',
    { lineage: ofOwner, rotatedAt: afterGrace, expiresAt: NOW },
    {},
    'expired',
  ],
  ['the copy that was rotated, by anybody', { lineage: ofOwner }, { caller: 'thief' }, 'replayed'],
  ['another copy, by its holder', { lineage: ofOwner }, { mark: 'thief', caller: 'thief' }, 'shared'],
  ['another copy, from a third network', { lineage: ofOwner }, { mark: 'thief', caller: 'road' }, 'shared'],
  ['another copy, by whom the rotation was', { lineage: ofOwner }, { mark: 'road' }, 'replayed'],
  [
    'another copy, by whom moved before the rotation',
    { lineage: rotatedBy('home', 'road') },
    { mark: 'road', caller: 'road' },
    'replayed',
  ],
  [
    'another copy after the grace',
    { lineage: ofOwner, rotatedAt: afterGrace },
    { mark: 'thief', caller: 'thief' },
    'reused',
  ],
  ['another copy, strict', { lineage: ofOwner }, { mark: 'thief', caller: 'thief' }, 'reused', { grace: 0 }],
  [
    'a token without copies',
    { lineage: rotatedBy(undefined, 'owner') },
    { mark: undefined, caller: 'road' },
    'replayed',
  ],
  [
    'a copy of an older version, without mark',
    { lineage: ofOwner },
    { mark: undefined, caller: 'road' },
    'shared',
  ],
]

for (const [what, session, token, outcome, windows] of retries) {
  test(`retry, ${what}: ${outcome}`, () => {
    const given = { generation: 4, issuedAt: 0, mark: 'owner', caller: 'owner', ...NO_PROOF, ...token }
    assert.equal(classify(state(session), given, NOW, { grace: GRACE, lateRetry: LATE, ...windows }), outcome)
  })
}

const boundToKey = { jkt: 'key', lineage: ofOwner }
const byThief = { mark: 'thief', caller: 'thief' }
const boundRows: readonly Retry[] = [
  ['current, with the key', boundToKey, { generation: 5, issuedAt: NOW - 1000, jkt: 'key' }, 'current'],
  ['current, without a proof', boundToKey, { generation: 5, issuedAt: NOW - 1000 }, 'unproven'],
  [
    'current, with another key',
    boundToKey,
    { generation: 5, issuedAt: NOW - 1000, jkt: 'other' },
    'unproven',
  ],
  ['predecessor, with the key', boundToKey, { jkt: 'key' }, 'replayed'],
  ['predecessor, with the key, from elsewhere', boundToKey, { ...byThief, jkt: 'key' }, 'replayed'],
  ['predecessor, with the key, strict', boundToKey, { jkt: 'key' }, 'replayed', { grace: 0 }],
  [
    'predecessor, with the key, long after',
    { ...boundToKey, rotatedAt: NOW - 2 * LATE },
    { ...byThief, jkt: 'key' },
    'replayed',
  ],
  ['older, with the key', boundToKey, { generation: 3, jkt: 'key' }, 'reused'],
  [
    'the skipped one, with the key',
    { ...boundToKey, lineage: rotatedBy('owner', 'owner', 3) },
    { jkt: 'key' },
    'reused',
  ],
  ['predecessor, without a proof, by whom the rotation was', boundToKey, {}, 'unproven'],
  ['predecessor, with another key, by whom the rotation was', boundToKey, { jkt: 'other' }, 'unproven'],
  ['predecessor, without a proof, by another', boundToKey, { caller: 'thief' }, 'shared'],
  ['predecessor, with another key, by another', boundToKey, { caller: 'thief', jkt: 'other' }, 'shared'],
  ['predecessor, without a proof, after the grace', { ...boundToKey, rotatedAt: afterGrace }, {}, 'reused'],
  [
    'predecessor, with another key, after the grace',
    { ...boundToKey, rotatedAt: afterGrace },
    { jkt: 'other' },
    'reused',
  ],
  ['with a key, the session is not bound', { lineage: ofOwner }, { jkt: 'key' }, 'replayed'],
  ['with the key, revoked', { ...boundToKey, revokedAt: 1 as never }, { jkt: 'key' }, 'revoked'],
  [
    'with the key, from before a password change',
    { ...boundToKey, startGeneration: 5 },
    { jkt: 'key' },
    'superseded',
  ],
]

for (const [what, session, token, outcome, windows] of boundRows) {
  test(`bound session, ${what}: ${outcome}`, () => {
    const given = { generation: 4, issuedAt: 0, mark: 'owner', caller: 'owner', ...NO_PROOF, ...token }
    assert.equal(classify(state(session), given, NOW, { grace: GRACE, lateRetry: LATE, ...windows }), outcome)
  })
}

const HALF_MINUTE = 30_000
const bound = { deviceKey: 'a key', boundAt: NOW - 10 * 60_000 }
const bySomebody = { ...bound, rotatedAt: bound.boundAt - 1 }
const ofRow = bySomebody.rotatedAt
const boundJustNow = { ...bound, boundAt: NOW - HALF_MINUTE + 1 }
const proof = { deviceKey: 'a key' }
// Handed out to the device
const fromDevice = { issuedAt: bound.boundAt + 1 }

const toBoth = { ...bound, jkt: 'key', lineage: ofOwner }

type Bound = readonly [
  what: string,
  session: Partial<typeof living>,
  token: {
    readonly generation?: number
    readonly mark?: string
    readonly caller?: string
    readonly deviceKey?: string
    readonly jkt?: string
    readonly issuedAt?: number
    readonly mayRenew?: boolean
  },
  outcome: Classification,
]

const ofDevices: readonly Bound[] = [
  ['current', bound, { generation: 5 }, 'off_device'],
  ['current, with its key', bound, { generation: 5, ...proof }, 'current'],
  ['current, with another key', bound, { generation: 5, deviceKey: 'another' }, 'off_device'],
  [
    'current, half a minute after the binding',
    { ...bound, boundAt: NOW - HALF_MINUTE },
    { generation: 5 },
    'off_device',
  ],
  ['current, a millisecond before that', boundJustNow, { generation: 5 }, 'current'],
  ['current, bound since the rotation by somebody', bySomebody, { generation: 5, issuedAt: ofRow }, 'shared'],
  [
    'current, bound since the login',
    { ...bySomebody, startGeneration: 5 },
    { generation: 5, issuedAt: ofRow },
    'off_device',
  ],
  [
    'current, bound since the rotation by somebody, from a browser that may prove it later',
    bySomebody,
    { generation: 5, issuedAt: ofRow, mayRenew: true },
    'off_device',
  ],
  ['predecessor within the grace', { ...bound, lineage: ofOwner }, fromDevice, 'off_device'],
  ['predecessor within the grace, with its key', { ...bound, lineage: ofOwner }, proof, 'replayed'],
  [
    'another copy within the grace',
    { ...bound, lineage: ofOwner },
    { ...fromDevice, mark: 'thief', caller: 'thief' },
    'off_device',
  ],
  ['late', { ...bound, lineage: ofOwner, rotatedAt: afterGrace }, fromDevice, 'off_device'],
  // A thief may have bound the session with the successor of this token, and refreshed it.
  [
    'late, handed out before the binding',
    { ...bound, lineage: ofOwner, rotatedAt: afterGrace },
    {},
    'reused',
  ],
  [
    'late, handed out before the binding, from a browser that may prove it later',
    { ...bound, lineage: ofOwner, rotatedAt: afterGrace },
    { mayRenew: true },
    'off_device',
  ],
  [
    'late, of the login, before the binding',
    { ...bound, lineage: ofOwner, rotatedAt: afterGrace, startGeneration: 4 },
    {},
    'off_device',
  ],
  [
    'late, handed out in the second of the binding',
    { ...bound, lineage: ofOwner, rotatedAt: afterGrace },
    { issuedAt: bound.boundAt - 998 },
    'off_device',
  ],
  [
    'late, handed out in the second before',
    { ...bound, lineage: ofOwner, rotatedAt: afterGrace },
    { issuedAt: bound.boundAt - 999 },
    'reused',
  ],
  ['late, with its key', { ...bound, lineage: ofOwner, rotatedAt: afterGrace }, proof, 'late'],
  // Whoever received the current token has bound the session, and it is not the holder of the predecessor.
  [
    'late, bound since the rotation',
    { ...bound, lineage: ofOwner, rotatedAt: bound.boundAt - 1 },
    {},
    'reused',
  ],
  [
    'late, bound since the rotation, from a browser that may prove it later',
    { ...bound, lineage: ofOwner, rotatedAt: bound.boundAt - 1 },
    { mayRenew: true },
    'off_device',
  ],
  [
    'predecessor, bound since the rotation',
    { ...boundJustNow, lineage: ofOwner, rotatedAt: NOW - HALF_MINUTE },
    {},
    'replayed',
  ],
  [
    'another copy, bound since the rotation',
    { ...boundJustNow, lineage: ofOwner, rotatedAt: NOW - HALF_MINUTE },
    { mark: 'thief', caller: 'thief' },
    'shared',
  ],
  ['an older token', bound, { generation: 3, mayRenew: true }, 'reused'],
  ['and a key: current, with both', toBoth, { ...proof, generation: 5, jkt: 'key' }, 'current'],
  ['and a key: current, with the key alone', toBoth, { generation: 5, jkt: 'key' }, 'off_device'],
  ['and a key: current, from the device alone', toBoth, { ...proof, generation: 5 }, 'unproven'],
  ['and a key: predecessor, with both', toBoth, { ...proof, jkt: 'key' }, 'replayed'],
  ['and a key: predecessor, with the key alone', toBoth, { ...fromDevice, jkt: 'key' }, 'off_device'],
  ['and a key: predecessor, from the device alone', toBoth, proof, 'unproven'],
  [
    'and a key: predecessor after the grace, with both',
    { ...toBoth, rotatedAt: afterGrace },
    { ...proof, jkt: 'key' },
    'replayed',
  ],
  [
    'and a key: predecessor after the grace, with the key alone, bound to the device since the rotation',
    { ...toBoth, rotatedAt: bound.boundAt - 1 },
    { jkt: 'key' },
    'reused',
  ],
  ['the session is revoked', { ...bound, revokedAt: 1 as never }, { generation: 5 }, 'revoked'],
  ['from before a password change', { ...bound, startGeneration: 5 }, {}, 'superseded'],
]

for (const [what, session, token, outcome] of ofDevices) {
  test(`bound to a device, ${what}: ${outcome}`, () => {
    const given = { generation: 4, issuedAt: 0, mark: 'owner', caller: 'owner', ...NO_PROOF, ...token }
    // `iat` of the current token is that of the row.
    const issuedAt = token.issuedAt ?? (token.generation === 5 ? NOW - 1000 : 0)
    const row = state({ ...session })
    assert.equal(classify(row, { ...given, issuedAt }, NOW, { grace: GRACE, lateRetry: LATE }), outcome)
  })
}
