/** What the clock asks for while the service runs: a next key, its time, and the end of old ones. */
import type { KeyChange, KeyRow } from '../store/queries/signing-keys.ts'
import type { PublicAlgorithm } from '../tokens/algorithms.ts'
import type { OpenRow } from './key-ring.ts'
import { chainOf, currentIn, lastOf, PUBLISH_TIME, scheduleOf } from './schedule.ts'
import type { NewKey } from './startup.ts'

export interface Upkeep {
  readonly rows: readonly KeyRow[]
  /** Those that this process can read */
  readonly open: readonly OpenRow[]
  readonly now: number
  readonly lifetime: number
  /** Milliseconds that a key signs; 0: until `rekindle keys rotate` */
  readonly rotation: number
  readonly make: (algorithm: PublicAlgorithm) => Promise<NewKey>
}

/** @returns undefined when there is nothing to do, as nearly always */
export async function upkeepChange(upkeep: Upkeep): Promise<KeyChange | undefined> {
  const { open, now } = upkeep
  const chain = chainOf(open)
  const current = chain[currentIn(chain, now)]
  const remove = overOf(upkeep)
  const future = open.filter(
    ({ kid, signsFrom, revokedAt }) =>
      kid !== current?.kid && revokedAt === null && (signsFrom === null || signsFrom > now),
  )
  const { insert = [], schedule = [] } =
    current === undefined ? {} : await nextChange(upkeep, current, future)
  return remove.length + insert.length + schedule.length === 0 ? undefined : { remove, insert, schedule }
}

async function nextChange(
  upkeep: Upkeep,
  current: OpenRow & { readonly signsFrom: number },
  future: readonly OpenRow[],
): Promise<KeyChange> {
  const { rows, now, make } = upkeep
  const { algorithm } = current
  const next = future.find(({ source, key }) => source === 'secret' || key?.privateKey !== undefined)
  if (algorithm === 'HS256') return {}
  const insertion = async (signsFrom: number | null) => {
    const made = await make(algorithm)
    return { insert: [{ ...made, follows: lastOf(rows), createdAt: now, signsFrom }] }
  }
  if (current.revokedAt !== null) {
    return next === undefined ? insertion(now) : { schedule: [{ kid: next.kid, signsFrom: now }] }
  }
  // The operator rotates given keys.
  if (current.source !== 'made') return {}
  if (future.length === 0) return insertion(timeOfNext(upkeep, current, now))
  if (next === undefined || next.source !== 'made' || next.algorithm !== algorithm) return {}
  return reschedule(upkeep, current, next)
}

/** When the next key signs. Never later than by the setting, also after a clock that was far ahead was set back. */
function timeOfNext(
  { now, rotation }: Upkeep,
  { signsFrom, createdAt }: KeyRow & { readonly signsFrom: number },
  published: number,
): number | null {
  if (rotation === 0) return null
  const began = Math.min(Math.max(signsFrom, createdAt), now)
  // After the current one also if that has its turn only because the clock was set back.
  return Math.max(began + rotation, published + PUBLISH_TIME, signsFrom + 1)
}

function reschedule(
  upkeep: Upkeep,
  current: KeyRow & { readonly signsFrom: number },
  { kid, signsFrom, createdAt }: KeyRow,
): KeyChange {
  const time = timeOfNext(upkeep, current, Math.min(createdAt, upkeep.now))
  // An earlier time is that of `rekindle keys rotate`.
  const isLater = time !== null && (signsFrom === null || signsFrom > time)
  const isUnasked = time === null && signsFrom !== null && signsFrom > upkeep.now + PUBLISH_TIME
  return isLater || isUnasked ? { schedule: [{ kid, signsFrom: time }] } : {}
}

const MONTH = 30 * 86_400_000

/**
 * Keys whose last token is over. Those that this process cannot read are kept for longer, because its secret may be the
 * wrong one. So are revoked ones, which `rekindle keys list` shows, and a given one that is revoked stays: it must not
 * come back with its setting.
 */
function overOf({ rows, open, now, lifetime }: Upkeep): string[] {
  const gone = (all: readonly KeyRow[], at: number) =>
    scheduleOf(all, at, lifetime).flatMap(({ row, state }) => (state === 'gone' ? row.kid : []))
  const readable = new Set(open.map(({ kid }) => kid))
  const unreadable = gone(rows, now - MONTH).filter((kid) => !readable.has(kid))
  const revoked = rows.filter(
    ({ source, revokedAt }) => source === 'made' && revokedAt !== null && revokedAt + lifetime + MONTH < now,
  )
  return [...gone(open, now), ...unreadable, ...revoked.map(({ kid }) => kid)]
}
