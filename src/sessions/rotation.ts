/** What a refresh asks the store to do. */
import type { Origin } from '../store/queries/events.ts'
import type { FoundSession, Refresh } from '../store/queries/sessions.ts'
import type { PresentedToken } from './classify.ts'
import type { SessionContext } from './context.ts'
import { settledBefore } from './context.ts'
import { writeLineage } from './lineage.ts'

export type Presented = PresentedToken & { readonly sessionId: string; readonly userId: string }

/** The rotation of the presented generation. */
export function rotationOf(
  context: SessionContext,
  { sessionId, userId, generation, issuedAt, mark: copy, caller, deviceKey, bindingsUntil, jkt }: Presented,
  { address, userAgent }: Origin,
  now: number,
): Refresh {
  return {
    ...{ sessionId, userId, generation, issuedAt, now, deviceKey, bindingsUntil, jkt },
    address: address ?? '',
    userAgent: userAgent ?? '',
    settledBefore: settledBefore(context, now),
    lineage: writeLineage(generation + 1, { predecessor: generation, copy, caller }),
  }
}

/**
 * A late retry rotates the current generation in place of the presented one. So it is the same compare-and-swap, and only
 * one of it and a rotation by the current token succeeds.
 */
export function lateRotationOf(
  context: SessionContext,
  presented: Presented,
  { generation, rotatedAt }: FoundSession,
  origin: Origin,
  now: number,
): Refresh {
  const { generation: predecessor, mark: copy, caller } = presented
  return {
    ...rotationOf(context, presented, origin, now),
    generation,
    issuedAt: rotatedAt,
    lineage: writeLineage(generation + 1, { predecessor, copy, caller }),
  }
}
