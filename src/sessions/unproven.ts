import type { DeviceProofs } from './devices.ts'
import { PROVES_NOTHING } from './devices.ts'

/** The keys that a request proves. A session may be bound to one of each kind, and then needs both. */
export interface Proven {
  /** The thumbprint of the key of a DPoP proof. Empty: none */
  readonly jkt: string
  /** Of a device (DBSC) */
  readonly device: DeviceProofs
}

export const PROVES_NO_KEY: Proven = { jkt: '', device: PROVES_NOTHING }

/** A token or its session is bound to a key. `unproven`: the request proves none. `mismatched`: it proves another one. */
export type Unproven = 'unproven' | 'mismatched'

/** @param jkt the thumbprint of the key that the request proves. Empty: it proves none */
export const unproven = (jkt: string): Unproven => (jkt === '' ? 'unproven' : 'mismatched')
