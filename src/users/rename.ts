import type { Origin } from '../store/queries/events.ts'
import type { Rename, Renaming } from '../store/queries/rename.ts'
import { renameUser } from '../store/queries/rename.ts'
import type { Database } from '../store/schema.ts'
import { foldCase } from './fold-case.ts'

export interface RenameContext extends Pick<Rename, 'rememberedAs'> {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: () => number
}

/** Gives a user another name, by which nobody else is known in any case. The sessions of the user go on. */
export function rename(
  { db, now, rememberedAs }: RenameContext,
  { id, username }: { readonly id: string; readonly username: string },
  origin: Origin,
): Promise<Renaming> {
  return renameUser(db, { id, username, usernameKey: foldCase(username), now: now(), rememberedAs }, origin)
}
