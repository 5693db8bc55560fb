/** What has ended, in memory. Of 100,000 ended sessions it takes less than 10 MB: see `npm run bench:verify`. */
import type { components } from '../../generated/types.ts'

export type Revocation = components['schemas']['Revocation']

/** The claims by which a token is known. Times are in seconds since the epoch. */
export interface TokenIdentity {
  readonly sub: string
  readonly sid: string
  readonly jti: string
  readonly exp: number
  readonly generation?: number
  readonly claims_version?: number
}

interface Range {
  readonly exp: number
  readonly generation?: number | undefined
  readonly claimsVersion?: number | undefined
  readonly through?: string | undefined
  readonly except?: string | undefined
}

export interface EndedTokens {
  has(token: TokenIdentity): boolean
  add(revocations: readonly Revocation[]): void
  /**
   * Forgets what expired before a time, in seconds since the epoch.
   *
   * @returns the latest expiry that was forgotten. Tokens up to it have expired, also if a clock is set back later.
   */
  forget(before: number): number
  readonly size: number
}

const isWithin = ({ through, except }: Range, sid: string) =>
  (through === undefined || sid <= through) && sid !== except

const isOfUser = (range: Range, sid: string, version: number) =>
  range.claimsVersion === undefined ? isWithin(range, sid) : version < range.claimsVersion

export function createEndedTokens(): EndedTokens {
  // Sessions and tokens by their ids: almost all entries. The value is when they can be forgotten.
  const ids = new Map<string, number>()
  const restarted = new Map<string, Range>()
  const users = new Map<string, readonly Range[]>()
  let everybody: readonly Range[] = []

  function addOne(revocation: Revocation): void {
    const { sid, jti, sub, generation, through, except, exp } = revocation
    if (jti !== undefined) ids.set(jti, exp)
    else if (sid !== undefined && generation === undefined) ids.set(sid, exp)
    else if (sid !== undefined) restarted.set(sid, latest(restarted.get(sid), { generation, exp }))
    else if (sub !== undefined) {
      const range = { through, except, exp, claimsVersion: revocation.claims_version }
      users.set(sub, [...(users.get(sub) ?? []).filter((other) => !isCovered(other, range)), range])
    }
    // The later one covers the earlier one, whose expiry is not later.
    else everybody = [{ through: greater(everybody[0]?.through, through), exp }]
  }

  return {
    has({ sub, sid, jti, generation = 0, claims_version = 0 }) {
      return (
        ids.has(sid) ||
        ids.has(jti) ||
        generation < (restarted.get(sid)?.generation ?? 0) ||
        users.get(sub)?.some((range) => isOfUser(range, sid, claims_version)) === true ||
        everybody.some((range) => isWithin(range, sid))
      )
    },
    add(revocations) {
      for (const revocation of revocations) addOne(revocation)
    },
    forget(before) {
      let last = 0
      const isOver = ({ exp }: Range) => {
        if (exp < before) last = Math.max(last, exp)
        return exp < before
      }
      for (const [id, exp] of ids) if (isOver({ exp })) ids.delete(id)
      for (const [sid, range] of restarted) if (isOver(range)) restarted.delete(sid)
      for (const [sub, ranges] of users) {
        const left = ranges.filter((range) => !isOver(range))
        if (left.length === 0) users.delete(sub)
        else if (left.length < ranges.length) users.set(sub, left)
      }
      everybody = everybody.filter((range) => !isOver(range))
      return last
    },
    get size() {
      return ids.size + restarted.size + users.size + everybody.length
    },
  }
}

const latest = (one: Range | undefined, two: Range): Range =>
  (one?.generation ?? 0) > (two.generation ?? 0) ? (one ?? two) : two

/** Demands for a refresh of one user: the later one says all, and is kept for longer. */
const isCovered = (one: Range, by: Range) =>
  one.claimsVersion !== undefined && one.claimsVersion <= (by.claimsVersion ?? 0)

const greater = (one = '', two = '') => (one > two ? one : two)
