import {
  boundCookieOf,
  challengeFor,
  deviceOf,
  identifierOf,
  sessionOfChallenge,
  thumbprintOf,
} from '../proofs/dbsc.ts'
import { readProof } from '../proofs/dbsc-proof.ts'
import { bindSession, findBinding, unbindSession } from '../store/queries/devices.ts'
import type { NewEvent, Origin } from '../store/queries/events.ts'
import type { ProvenDevice } from '../store/queries/rotation-conditions.ts'
import type { FoundSession } from '../store/queries/sessions.ts'
import type { RefreshToken } from '../tokens/refresh-token.ts'
import type { SessionContext } from './context.ts'

/** What a request proves of the device that it comes from */
export interface DeviceProofs {
  /** @returns the thumbprint of the key that is proven for a session, or '' */
  readonly keyFor: (sessionId: string) => string
  /** Whether the browser may have a key, so that the same request can prove it later */
  readonly mayRenew: () => boolean
}

export const PROVES_NOTHING: DeviceProofs = { keyFor: () => '', mayRenew: () => false }

// Milliseconds after a binding, for requests that the browser sent before it had the bound cookie
const IN_FLIGHT = 30_000

/** @param now milliseconds since the epoch */
export const provenDevice = (
  { settings }: Pick<SessionContext, 'settings'>,
  { keyFor }: DeviceProofs,
  sessionId: string,
  now: number,
): ProvenDevice =>
  settings.dbsc === 'off'
    ? { deviceKey: '', bindingsUntil: -1 }
    : { deviceKey: keyFor(sessionId), bindingsUntil: now - IN_FLIGHT }

/** Whether a session is bound to a device, and the request does not prove that it comes from there. As `isOnDevice`. */
export const isOffDevice = (
  { deviceKey, boundAt }: Pick<FoundSession, 'deviceKey' | 'boundAt'>,
  proven: ProvenDevice,
): boolean => boundAt !== null && boundAt <= proven.bindingsUntil && deviceKey !== proven.deviceKey

export type Registration =
  | { readonly outcome: 'registered'; readonly identifier: string; readonly challenge: string }
  | { readonly outcome: 'invalid' }

/**
 * Registers the key of a browser for a session. Nothing is written: the session is bound by the first proof after this, which
 * shows that the browser has received the answer. Otherwise a lost answer would end the session.
 */
export async function registerDevice(context: SessionContext, proof: string): Promise<Registration> {
  const { db, keys } = context
  const now = context.now()
  const { key, challenge = '' } = readProof(proof) ?? {}
  const sessionId = sessionOfChallenge(keys.refresh, 'registration', challenge, now)
  if (key === undefined || sessionId === undefined) return { outcome: 'invalid' }
  const binding = await findBinding(db, sessionId, now)
  if (binding === undefined || binding.deviceKey !== null) return { outcome: 'invalid' }
  return {
    outcome: 'registered',
    identifier: identifierOf(keys.refresh, { sessionId, ...key }),
    challenge: challengeFor(keys.refresh, 'refresh', sessionId, now),
  }
}

export type DeviceRefresh =
  | {
      readonly outcome: 'proven'
      readonly cookie: string
      readonly challenge: string
      /** The events that were written: the first proof binds the session */
      readonly events: readonly NewEvent[]
    }
  /** The browser has to sign this challenge. */
  | { readonly outcome: 'challenged'; readonly challenge: string }
  /** The session is over, or bound to another key: the browser has to forget its own. */
  | { readonly outcome: 'ended' }

/**
 * Proves that the browser still has the key, for another bound cookie.
 *
 * @param identifier of the session in the browser
 * @param presented the refresh tokens that the browser sent. To bind the session, one of them has to belong to it and to be
 * issued after the last password change. That change shuts out older tokens.
 */
export async function refreshDevice(
  context: SessionContext,
  identifier: string,
  proof: string | undefined,
  presented: readonly Pick<RefreshToken, 'sessionId' | 'generation'>[],
  origin: Origin,
): Promise<DeviceRefresh> {
  const { db, keys } = context
  const now = context.now()
  const device = deviceOf(keys.refresh, identifier)
  if (device === undefined) return { outcome: 'ended' }
  const { sessionId } = device
  const own = presented.filter((token) => token.sessionId === sessionId)
  // After a login in another tab, the browser is in another session.
  if (presented.length > 0 && own.length === 0) return { outcome: 'ended' }
  const binding = await findBinding(db, sessionId, now)
  const deviceKey = thumbprintOf(device)
  const isOurs = binding?.deviceKey === deviceKey || (binding?.deviceKey === null && device.isIssued)
  if (!isOurs) return { outcome: 'ended' }

  const challenge = challengeFor(keys.refresh, 'refresh', sessionId, now)
  if (proof === undefined) return { outcome: 'challenged', challenge }
  const signed = readProof(proof, device)
  // Not the key that was registered
  if (signed === undefined) return { outcome: 'ended' }
  const isFresh = sessionOfChallenge(keys.refresh, 'refresh', signed.challenge, now) === sessionId
  if (!isFresh) return { outcome: 'challenged', challenge }
  const generation = Math.max(-1, ...own.map((token) => token.generation))
  const events =
    binding?.deviceKey === null
      ? await bindSession(db, { sessionId, generation, deviceKey, now }, origin)
      : []
  if (binding?.deviceKey === null && events.length === 0) {
    // Another request has bound the session first, perhaps with this key, or ended it.
    const after = await findBinding(db, sessionId, now)
    if (after?.deviceKey !== deviceKey) return { outcome: 'ended' }
  }
  return { outcome: 'proven', cookie: boundCookieOf(keys.refresh, device, now), challenge, events }
}

/**
 * Releases a session from the key that its browser is about to forget. Otherwise nobody could refresh it once bindings count
 * again.
 */
export async function forgetDevice({ db, keys }: SessionContext, identifier: string): Promise<void> {
  const device = deviceOf(keys.refresh, identifier)
  if (device !== undefined) await unbindSession(db, device.sessionId, thumbprintOf(device))
}
