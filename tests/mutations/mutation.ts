import { readFileSync } from 'node:fs'

/** A planted fault of a line or two, which a test is to notice. */
export interface Mutation {
  /** From the root of the checkout */
  readonly file: string
  /** A text that stands in the file exactly once */
  readonly find: string
  readonly replace: string
  /** What goes wrong with it */
  readonly why: string
  /** The nearest test files: they are run one after the other until one fails */
  readonly tests: readonly string[]
}

export const root = new URL('../../', import.meta.url)

/** @returns the text of the file, and with the fault in it. @throws when there is not exactly one place for it */
export function plant({ file, find, replace }: Mutation): {
  readonly original: string
  readonly changed: string
} {
  const original = readFileSync(new URL(file, root), 'utf8')
  const [before, after, ...more] = original.split(find)
  if (before === undefined || after === undefined || more.length > 0)
    throw new Error(`${file} has ${after === undefined ? 'no' : 'more than one'}: ${find}`)
  return { original, changed: before + replace + after }
}
