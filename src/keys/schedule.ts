/**
 * Which key signs, and which still verify: a pure function of the rows and the time, so that all processes agree. See
 * `docs/adr/0053-the-clock-of-keys.md`.
 */
import type { Settings } from '../config/settings.ts'
import type { KeyRow } from '../store/queries/signing-keys.ts'

const HOUR = 3_600_000

/**
 * Milliseconds for which a key is published before it signs. Verifiers keep the set for five minutes, as its
 * `Cache-Control` says, and those that do not read it for up to an hour. It is also the time that a rollout has in which
 * some processes do not know of the key.
 */
export const PUBLISH_TIME = HOUR

// For clocks that are wrong, and for processes that still sign with the key that they were started with.
const SLACK = HOUR

/** Milliseconds after its last signature for which a token of a key can be used or exchanged. */
export const lifetimeOf = ({
  accessTokenTtl,
  exchangeWindow,
}: Pick<Settings, 'accessTokenTtl' | 'exchangeWindow'>): number => accessTokenTtl + exchangeWindow + SLACK

export type KeyState = 'next' | 'current' | 'previous' | 'gone' | 'revoked'

export interface Scheduled<Row extends KeyRow = KeyRow> {
  readonly row: Row
  readonly state: KeyState
  /** When a current key stops signing, and a previous one verifying. Undefined: not known yet, or over */
  readonly until: number | undefined
}

/** Rows that have signed, sign or will sign at a known time, in this order. */
export function chainOf<Row extends KeyRow>(rows: readonly Row[]): (Row & { readonly signsFrom: number })[] {
  const known = rows.filter(
    (row): row is Row & { readonly signsFrom: number } =>
      // A key that was revoked before it signed never did.
      row.signsFrom !== null && (row.revokedAt === null || row.signsFrom < row.revokedAt),
  )
  // Of two with the same time, the revoked one came first: the other has taken its place.
  const order = ({ revokedAt }: Row) => (revokedAt === null ? 1 : 0)
  return known.toSorted(
    (a, b) => a.signsFrom - b.signsFrom || order(a) - order(b) || (a.kid < b.kid ? -1 : 1),
  )
}

/** The place of the current key in the chain. A clock that was set back before all of them makes the first one sign. */
export const currentIn = (chain: readonly { readonly signsFrom: number }[], now: number): number =>
  Math.max(
    chain.findLastIndex(({ signsFrom }) => signsFrom <= now),
    0,
  )

/** The states of all keys. @param lifetime from {@link lifetimeOf} */
export function scheduleOf<Row extends KeyRow>(
  rows: readonly Row[],
  now: number,
  lifetime: number,
): Scheduled<Row>[] {
  const chain = chainOf(rows)
  const current = currentIn(chain, now)
  return rows.map((row) => {
    if (row.revokedAt !== null) return { row, state: 'revoked', until: undefined }
    const at = chain.findIndex(({ kid }) => kid === row.kid)
    const stops = chain[at + 1]?.signsFrom
    if (at === -1 || at > current) return { row, state: 'next', until: undefined }
    if (at === current || stops === undefined) return { row, state: 'current', until: stops }
    const until = stops + lifetime
    return now < until ? { row, state: 'previous', until } : { row, state: 'gone', until: undefined }
  })
}

/**
 * The last row, readable or not. A new one follows it, and the database lets only one do so. After a clock was set back, the
 * times of rows need not have the order in which they follow each other.
 */
export function lastOf(rows: readonly KeyRow[]): string {
  const followed = new Set(rows.map(({ follows }) => follows))
  const time = ({ signsFrom }: KeyRow) => signsFrom ?? Number.MAX_SAFE_INTEGER
  const sorted = rows
    .filter(({ kid }) => !followed.has(kid))
    .toSorted((a, b) => time(a) - time(b) || a.createdAt - b.createdAt || (a.kid < b.kid ? -1 : 1))
  return sorted.at(-1)?.kid ?? ''
}
