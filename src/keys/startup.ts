/** What the settings of a process that starts want, and how the schedule has to change for it. */
import type { KeyChange, KeyRow } from '../store/queries/signing-keys.ts'
import type { PublicAlgorithm } from '../tokens/algorithms.ts'
import type { OpenRow } from './key-ring.ts'
import { chainOf, currentIn, lastOf, PUBLISH_TIME } from './schedule.ts'

/** A key that can be put into the schedule */
export interface NewKey {
  readonly kid: string
  readonly algorithm: PublicAlgorithm
  readonly source: 'made' | 'given'
  /** Encrypted */
  readonly jwk: string
}

/** What signs by the settings: HS256 with the secret, keys of the service, or a key that was given */
export type Wanted =
  | { readonly source: 'secret' }
  | { readonly source: 'made'; readonly algorithm: PublicAlgorithm; readonly make: () => Promise<NewKey> }
  | { readonly source: 'given'; readonly key: NewKey; readonly next: NewKey | undefined }

/** The schedule as a process finds it when it starts. */
export interface Found {
  readonly rows: readonly KeyRow[]
  /** Those that this process can read */
  readonly open: readonly OpenRow[]
  /** Whether no token was ever issued */
  readonly isNew: boolean
  readonly now: number
}

// Milliseconds. The clock of another process may be ahead, so that it signs with a key already.
const SKEW = 60_000

/** The keys that have signed, and those that have not. Revoked ones are only among the first. */
function partsOf({ open, now }: Found) {
  const chain = chainOf(open)
  const begun = chain.slice(0, currentIn(chain, now + SKEW) + 1)
  const future = open.filter((row) => row.revokedAt === null && !begun.some(({ kid }) => kid === row.kid))
  return { head: begun.at(-1), begun, future }
}

/**
 * The change by which a process gets what it wants, and keys that something else would make sign do not. It is empty if
 * everything is as wanted.
 */
export async function startChange(found: Found, wanted: Wanted): Promise<KeyChange> {
  const { head, future } = partsOf(found)
  const isKept = (row: KeyRow) => isOf(wanted, row) || row.kid === nextOf(wanted)
  const remove = future.filter((row) => !isKept(row)).map(({ kid }) => kid)
  const inserted = await insertions(found, wanted)
  const schedule = reschedule(found, wanted)
  if (head !== undefined || found.rows.length > 0 || found.isNew || inserted.length === 0)
    return { remove, insert: inserted, schedule }
  return { remove, insert: [periodOfSecret('', found.now, 0), ...inserted], schedule }
}

const nextOf = (wanted: Wanted) => (wanted.source === 'given' ? wanted.next?.kid : undefined)

function isOf(wanted: Wanted, row: KeyRow): boolean {
  if (wanted.source === 'given') return row.kid === wanted.key.kid
  return row.source === wanted.source && (wanted.source === 'secret' || row.algorithm === wanted.algorithm)
}

async function insertions(found: Found, wanted: Wanted): Promise<Insertion[]> {
  const { rows, now } = found
  const { head, future } = partsOf(found)
  const added = { createdAt: now, signsFrom: startOf(found, now) }
  const isThere = [head, ...future].some(
    (row) => row !== undefined && row.revokedAt === null && isOf(wanted, row),
  )
  switch (wanted.source) {
    case 'secret':
      // Without any key, HS256 has always signed.
      return isThere || rows.length === 0 ? [] : [periodOfSecret(lastOf(rows), now, added.signsFrom)]
    case 'made': {
      if (isThere) return []
      const follows = rows.length === 0 && !found.isNew ? FIRST_SECRET : lastOf(rows)
      return [{ ...(await wanted.make()), ...added, follows }]
    }
    case 'given': {
      const known = new Set(rows.map(({ kid }) => kid))
      const { key, next } = wanted
      return [
        ...(known.has(key.kid) ? [] : [{ ...key, ...added, follows: null }]),
        ...(next === undefined || known.has(next.kid)
          ? []
          : [{ ...next, ...added, signsFrom: null, follows: null }]),
      ]
    }
  }
}

type Insertion = NonNullable<KeyChange['insert']>[number]

// The name of the period of HS256 before the first key. It is never in a token.
const FIRST_SECRET = 'secret'

const periodOfSecret = (follows: string, createdAt: number, signsFrom: number): Insertion => ({
  kid: follows === '' ? FIRST_SECRET : `secret-after-${follows}`,
  algorithm: 'HS256',
  source: 'secret',
  jwk: null,
  follows,
  createdAt,
  signsFrom,
})

/**
 * When a key that is published at a time may begin to sign. With tokens of no other key around, it has always signed. If
 * this process cannot sign with the current key, it has to begin at once.
 */
function startOf(found: Found, published: number): number {
  const { head } = partsOf(found)
  if (found.rows.length === 0) return found.isNew ? 0 : published + PUBLISH_TIME
  const canWait = head !== undefined && head.revokedAt === null && canSign(head)
  return canWait ? Math.max(found.now, published + PUBLISH_TIME) : found.now
}

const canSign = (row: OpenRow) => row.source === 'secret' || row.key?.privateKey !== undefined

/** A given key that was published before, or that has signed earlier, signs from now on. */
function reschedule(found: Found, wanted: Wanted): NonNullable<KeyChange['schedule']> {
  if (wanted.source !== 'given') return []
  const { head, begun, future } = partsOf(found)
  const { kid } = wanted.key
  const own = future.find((row) => row.kid === kid)
  if (own?.signsFrom === null) return [{ kid, signsFrom: startOf(found, own.createdAt) }]
  const isEarlier = head?.kid !== kid && begun.some((row) => row.kid === kid)
  return isEarlier ? [{ kid, signsFrom: found.now }] : []
}
