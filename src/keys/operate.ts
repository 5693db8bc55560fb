/** What an operator does with keys. It needs no secret: running services follow the database within seconds. */
import { changeKeys, listKeys, revokeKey } from '../store/queries/signing-keys.ts'
import type { Database } from '../store/schema.ts'
import { chainOf, currentIn, PUBLISH_TIME } from './schedule.ts'

interface OperateContext {
  readonly db: Database
  /** Milliseconds since the epoch */
  readonly now: number
}

export type RotateOutcome =
  | { readonly outcome: 'scheduled'; readonly kid: string; readonly signsFrom: number }
  /** No key that the service made is published and waits: HS256 signs, or a key that was given. */
  | { readonly outcome: 'no_next' }

/** Lets the next key sign as soon as it was published for long enough: at once, unless it is new. */
export async function rotateKey({ db, now }: OperateContext): Promise<RotateOutcome> {
  const next = (await waiting({ db, now })).find(({ source }) => source === 'made')
  if (next === undefined) return { outcome: 'no_next' }
  const earliest = Math.max(now, next.createdAt + PUBLISH_TIME)
  const signsFrom = Math.min(earliest, next.signsFrom ?? earliest)
  if (signsFrom !== next.signsFrom) await changeKeys(db, { schedule: [{ kid: next.kid, signsFrom }] })
  return { outcome: 'scheduled', kid: next.kid, signsFrom }
}

/** `unknown`: there is no such key. `secret`: a period of HS256, which ends with the secret. */
export type RevokeOutcome = { readonly outcome: 'revoked' | 'revoked_already' | 'unknown' | 'secret' }

/** Ends a key at once: its tokens are refused from now on. If it signs, the next one signs instead. */
export async function revokeSigningKey(context: OperateContext, kid: string): Promise<RevokeOutcome> {
  const { db, now } = context
  const rows = await listKeys(db)
  const row = rows.find((one) => one.kid === kid)
  if (row === undefined) return { outcome: 'unknown' }
  if (row.source === 'secret') return { outcome: 'secret' }
  const chain = chainOf(rows)
  const isCurrent = chain[currentIn(chain, now)]?.kid === kid
  const others = (await waiting(context)).filter((one) => one.kid !== kid && one.source !== 'given')
  const successor = isCurrent ? others[0]?.kid : undefined
  const isRevoked = await revokeKey(db, { kid, successor, now })
  return { outcome: isRevoked ? 'revoked' : 'revoked_already' }
}

/** The keys that have not signed yet, the next one first */
async function waiting({ db, now }: OperateContext) {
  const rows = await listKeys(db)
  const chain = chainOf(rows)
  const begun = new Set(chain.slice(0, currentIn(chain, now) + 1).map(({ kid }) => kid))
  const time = (signsFrom: number | null) => signsFrom ?? Number.MAX_SAFE_INTEGER
  return rows
    .filter(({ kid, revokedAt }) => revokedAt === null && !begun.has(kid))
    .toSorted((a, b) => time(a.signsFrom) - time(b.signsFrom))
}
