import type { Kind } from '../kinds.ts'

/** A token that this service never signed. */
export interface Forgery {
  readonly what: string
  readonly token: string
}

/** A good token, and what forgers know besides. */
export interface Original {
  readonly token: string
  readonly kind: Kind
  /** A good one of the other kind */
  readonly other: string
  /** Where a key is said to be */
  readonly keyUrl: string
}

export interface Attack {
  /** The clause or the advisory */
  readonly title: string
  /** `named`: where an issuer and an audience are set */
  readonly where: 'anywhere' | 'named'
  forge(original: Original): readonly Forgery[]
}

export const NAMES = { issuer: 'https://id.example', audience: 'https://api.example' }

export const attacks: Attack[] = []

export function attack(title: string, forge: Attack['forge'], where: Attack['where'] = 'anywhere'): void {
  attacks.push({ title, forge, where })
}
