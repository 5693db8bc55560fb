/** What must hold in every history (`docs/invariants.md`), whatever the model predicted. */

import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { authenticate } from '../../../src/sessions/authenticate.ts'
import { exchange } from '../../../src/sessions/exchange.ts'
import { readLineage } from '../../../src/sessions/lineage.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import type { Model } from '../model.ts'
import type { RefreshToken, Session, Token } from './words.ts'
import type { History, Row, Rows } from './world.ts'
import { LENIENT } from './world.ts'

const rowOf = (session: Session) => ({
  id: session.id,
  user_id: session.user.id,
  generation: session.generation,
  start_generation: session.startGeneration,
  created_at: session.createdAt,
  rotated_at: session.rotatedAt,
  refreshed_at: session.refreshedAt,
  refresh_count: session.refreshCount,
  expires_at: session.expiresAt,
  absolute_expires_at: session.absoluteExpiresAt,
  revoked_at: session.revoked?.at ?? null,
  revoked_reason: session.revoked?.reason ?? null,
  lineage: session.lineage && {
    predecessor: session.lineage.predecessor,
    isUnpresented: !session.lineage.isPresented,
  },
})

/** Marks are only compared as tokens: each copy has its own bytes. */
function readable({ lineage: text, ...row }: Row) {
  const lineage = readLineage({ generation: row.generation, lineage: text })
  return {
    ...row,
    lineage: lineage && { predecessor: lineage.predecessor, isUnpresented: lineage.isUnpresented },
  }
}

const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)

/** One row for each session and for each user, as the model has them. */
export function checkRows(model: Model, { sessions, users }: Rows): void {
  assert.deepEqual(sessions.map(readable), model.rows().map(rowOf).sort(byId))
  const states = users.map(({ id, deactivated_at }) => ({
    id,
    state: deactivated_at === null ? 'active' : 'inactive',
  }))
  const expected = model.users.filter(({ state }) => state !== 'deleted')
  assert.deepEqual(states, expected.map(({ id, state }) => ({ id, state })).sort(byId))
}

/** A generation never decreases. */
export function checkGenerations({ generations }: History, { sessions }: Rows): void {
  for (const { id, generation } of sessions) {
    assert.ok(generation >= (generations.get(id) ?? 0), 'the generation went back')
    generations.set(id, generation)
  }
}

/** No operation accepts a token of an ended session, or one from before a password change, even under the most lenient settings. */
export async function checkNothingDeadIsAccepted(model: Model, { world }: History): Promise<void> {
  const context = world.core(LENIENT)
  const isOver = ({ user, pruned, revoked }: Session) =>
    user.state !== 'active' || pruned || revoked !== undefined
  const isDead = ({ session, generation }: Token) => isOver(session) || generation < session.startGeneration
  for (const token of model.refreshTokens) {
    const { text } = token
    if (!isDead(token)) continue
    const { outcome } = await refresh(context, text, () => OPERATOR)
    assert.ok(
      !['rotated', 'replayed', 'late', 'refreshed'].includes(outcome),
      `a dead session was ${outcome}`,
    )
  }
  for (const token of model.accessTokens) {
    const { text } = token
    if (!isDead(token)) continue
    assert.notEqual(
      (await authenticate(context, text)).outcome,
      'authenticated',
      'an access token of a dead session',
    )
    const { outcome } = await exchange(context, text, () => OPERATOR)
    assert.ok(
      !['exchanged', 'replayed'].includes(outcome),
      `an access token of a dead session was ${outcome}`,
    )
  }
}

/** The first caller of the histories, as the service sees it */
const ONE = { ...OPERATOR, address: '127.0.0.1', userAgent: 'one' }

/** The current token, or a retry of its predecessor: in the grace window, or later if nobody has presented the current one. */
function isLeaf(model: Model, { session, generation, exp, copyOf }: RefreshToken): boolean {
  const { lineage, rotatedAt } = session
  if (exp * 1000 <= model.now) return false
  if (generation === session.generation) return true
  const isPredecessor = generation === (lineage?.predecessor ?? session.generation - 1)
  if (!isPredecessor || generation < session.startGeneration) return false
  const isAnothers = lineage !== undefined && copyOf !== lineage.copy && lineage.by !== 'one'
  const { rotation, grace, lateRetry, sharedTokens } = model.rules
  if (model.inGrace(rotatedAt)) return !isAnothers || sharedTokens === 'report'
  const since = model.now - rotatedAt
  const isLate = rotation && grace > 0 && since > 0 && since <= lateRetry
  return isLate && lineage?.isPresented === false && !isAnothers
}

/** There is one active leaf. */
export async function checkLeaves(model: Model, { world }: History): Promise<void> {
  const db = await world.service.core.db.startTransaction().execute()
  const context = { ...world.core(model.rules), db }
  for (const token of model.refreshTokens) {
    const { session, generation, text } = token
    if (!model.isLive(session)) continue
    // Each token is tried on the same state, because its effects are rolled back.
    await sql`savepoint probe`.execute(db)
    const { outcome } = await refresh(context, text, () => ONE)
    await sql`rollback to probe`.execute(db)
    await sql`release probe`.execute(db)
    const isAccepted = ['rotated', 'replayed', 'late', 'refreshed'].includes(outcome)
    assert.equal(
      isAccepted,
      isLeaf(model, token),
      `generation ${generation} of ${session.generation} was ${outcome}`,
    )
  }
  await db.rollback().execute()
}
