/** What must hold in every history (`docs/invariants.md`), whatever the model predicted. */

import assert from 'node:assert/strict'
import { sql } from 'kysely'
import { authenticate } from '../../../src/sessions/authenticate.ts'
import { exchange } from '../../../src/sessions/exchange.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import type { Model } from '../model.ts'
import type { Session, Token } from './words.ts'
import type { History, Row, Rows } from './world.ts'
import { LENIENT } from './world.ts'

const rowOf = (session: Session): Row => ({
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
})

const byId = (a: { readonly id: string }, b: { readonly id: string }) => (a.id < b.id ? -1 : 1)

/** One row for each session and for each user, as the model has them. */
export function checkRows(model: Model, { sessions, users }: Rows): void {
  assert.deepEqual(sessions, model.rows().map(rowOf).sort(byId))
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
    assert.ok(!['rotated', 'replayed', 'refreshed'].includes(outcome), `a dead session was ${outcome}`)
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

/** There is one active leaf: only the current refresh token is accepted, and in the grace window its predecessor. */
export async function checkLeaves(model: Model, { world }: History): Promise<void> {
  const db = await world.service.core.db.startTransaction().execute()
  const context = { ...world.core(model.rules), db }
  for (const { session, generation, exp, text } of model.refreshTokens) {
    if (!model.isLive(session)) continue
    // Each token is tried on the same state, because its effects are rolled back.
    await sql`savepoint probe`.execute(db)
    const { outcome } = await refresh(context, text, () => OPERATOR)
    await sql`rollback to probe`.execute(db)
    await sql`release probe`.execute(db)
    const isReplay = generation === session.generation - 1 && model.inGrace(session.rotatedAt)
    const isPredecessor = isReplay && generation >= session.startGeneration
    const isExpired = exp * 1000 <= model.now
    const isLeaf = !isExpired && (generation === session.generation || isPredecessor)
    const isAccepted = ['rotated', 'replayed', 'refreshed'].includes(outcome)
    assert.equal(isAccepted, isLeaf, `generation ${generation} of ${session.generation} was ${outcome}`)
  }
  await db.rollback().execute()
}
