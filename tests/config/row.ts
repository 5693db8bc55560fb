import type { readServiceSettings } from '../../src/config/settings.ts'

export type Environment = Readonly<Record<string, string>>
type Read = ReturnType<typeof readServiceSettings>

interface Values {
  /** Texts, and the values that are read from them. */
  readonly good: Readonly<Record<string, unknown>>
  readonly wrong: readonly string[]
}

export interface Row extends Values {
  readonly pick: (read: Read) => unknown
  /** The value when the variable is missing or empty. */
  readonly unset: unknown
  /** The same value when another variable is set. */
  readonly beside?: Values & { readonly env: Environment }
}

/** Values that are read unchanged. */
export const asTheyAre = (...values: string[]) => Object.fromEntries(values.map((value) => [value, value]))

export const notWhole = [
  '-1',
  '1e3',
  ' 5',
  '5 ',
  '0x10',
  '010',
  '1.5',
  '1_000',
  '٣',
  'NaN',
  '99999999999999999999',
]
export const notFlag = ['yes', 'on', '2', ' true', 'falsch']
