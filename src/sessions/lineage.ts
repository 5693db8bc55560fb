import type { Session } from '../store/queries/sessions.ts'
import { UNPRESENTED } from '../store/queries/sessions.ts'

/**
 * How the current generation began, if a rotation began it. The column `lineage` has it as text: it is written by the
 * rotation as one value, and an older version of the service that rotates the session leaves it behind, so it counts only
 * for the generation that it names. Marks: see `marks.ts`.
 */
export interface Lineage {
  /** The generation that was presented. It is lower than usual after a late retry, which skips one. */
  readonly predecessor: number
  /** The mark of the copy that was presented. Undefined: a token without copies */
  readonly copy: string | undefined
  /** The mark of whom presented it: the successor was handed to them */
  readonly caller: string
  /** Whether the current token was never presented, as far as the row knows: a late retry is possible */
  readonly isUnpresented: boolean
}

// No mark has a dot.
const NONE = '.'

/** @param generation the one that the rotation begins */
export const writeLineage = (
  generation: number,
  { predecessor, copy = NONE, caller }: Omit<Lineage, 'isUnpresented'>,
): string => `${generation} ${predecessor} ${copy} ${caller}${UNPRESENTED}`

/** @returns undefined if the current generation began with a login or a password change */
export function readLineage({
  generation,
  lineage,
}: Pick<Session, 'generation' | 'lineage'>): Lineage | undefined {
  const [named, predecessor, copy = NONE, caller = NONE, unpresented] = lineage?.split(' ') ?? []
  if (named !== String(generation)) return undefined
  return {
    predecessor: Number(predecessor),
    copy: copy === NONE ? undefined : copy,
    caller,
    isUnpresented: unpresented !== undefined,
  }
}
