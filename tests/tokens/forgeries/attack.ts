import type { TokenKey } from '../../../src/tokens/algorithms.ts'
import type { Kind } from '../kinds.ts'

/** A token that this service never signed. */
export interface Forgery {
  readonly what: string
  readonly token: string
}

/** A valid token, and everything else that a forger knows. */
export interface Original {
  readonly token: string
  readonly kind: Kind
  /** A valid token of the other kind */
  readonly other: string
  /** The keys that everybody knows. There are some although a token has none. */
  readonly publicKeys: readonly TokenKey[]
  /** The address of a key */
  readonly keyUrl: string
}

export interface Attack {
  /** The clause or the advisory */
  readonly title: string
  /** `named`: for settings with an issuer and an audience */
  readonly where: 'anywhere' | 'named'
  forge(original: Original): readonly Forgery[]
}

export const NAMES = { issuer: 'https://id.example', audience: 'https://api.example' }

export const attacks: Attack[] = []

export function attack(title: string, forge: Attack['forge'], where: Attack['where'] = 'anywhere'): void {
  attacks.push({ title, forge, where })
}
