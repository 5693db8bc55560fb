import type { readServiceSettings } from '../../src/config/settings.ts'

export type Environment = Readonly<Record<string, string>>
type Read = ReturnType<typeof readServiceSettings>

interface Values {
  /** Texts, and what is read from them. */
  readonly good: Readonly<Record<string, unknown>>
  readonly wrong: readonly string[]
}

export interface Row extends Values {
  readonly pick: (read: Read) => unknown
  /** What is read when the variable is missing or empty. */
  readonly unset: unknown
  /** The same beside another variable. */
  readonly beside?: Values & { readonly env: Environment }
}

/** Values that are read as they stand. */
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
