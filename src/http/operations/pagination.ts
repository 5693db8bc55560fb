/** Cursors mark where a page of a list ended. The contract's patterns define which texts are valid cursors. */

/** The cursor of a UUID */
export const cursorOf = (id: string): string =>
  Buffer.from(id.replaceAll('-', ''), 'hex').toString('base64url')

/** @returns the UUID */
export const readCursor = (cursor: string): string =>
  Buffer.from(cursor, 'base64url')
    .toString('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')

// A UUID as its text may be any user's id, but only one in lower case is what its cursor is read as.
const isUuid = (id: string) => id === readCursor(cursorOf(id))

/** The cursor of a user's id, which may be any text */
export const cursorOfUser = (id: string): string =>
  isUuid(id) ? cursorOf(id) : `~${Buffer.from(id).toString('base64url')}`

/** @returns the id */
export const readUserCursor = (cursor: string): string =>
  cursor.startsWith('~') ? Buffer.from(cursor.slice(1), 'base64url').toString() : readCursor(cursor)

/** @param rows one more than `limit` if there is a next page */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  cursor: (last: Row) => string,
): { readonly rows: readonly Row[]; readonly nextCursor: string | null } {
  const shown = rows.slice(0, limit)
  const last = shown.at(-1)
  return { rows: shown, nextCursor: last === undefined || rows.length <= limit ? null : cursor(last) }
}
