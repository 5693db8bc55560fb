import type { KeyRow } from '../store/queries/signing-keys.ts'
import type { TokenKey } from '../tokens/algorithms.ts'
import type { AccessKeys, Signer } from '../tokens/keys.ts'
import type { Scheduled } from './schedule.ts'
import { scheduleOf } from './schedule.ts'

/** A row with its key. A period of HS256 has none. */
export interface OpenRow extends KeyRow {
  readonly key: TokenKey | undefined
}

export interface KeyRing extends AccessKeys {
  /** The keys that tokens may be signed with now or soon, or were until lately */
  readonly published: (now: number) => readonly TokenKey[]
}

/**
 * The keys of a moment, and which of them count at a time.
 *
 * @param unordered without those that this process cannot read
 * @param lifetime milliseconds for which a token can be used after it was signed
 */
export function createKeyRing(unordered: readonly OpenRow[], lifetime: number): KeyRing {
  const time = ({ signsFrom }: OpenRow) => signsFrom ?? Number.POSITIVE_INFINITY
  const rows = unordered.toSorted((a, b) => (time(a) < time(b) ? -1 : 1))
  const scheduled = (now: number) => scheduleOf(rows, now, lifetime)
  // States change only at these times, so between two of them one schedule serves all requests.
  const times = rows
    .flatMap(({ signsFrom }) => (signsFrom === null ? [] : [signsFrom, signsFrom + lifetime]))
    .toSorted((a, b) => a - b)
  let known: Known = { from: 0, to: 0, states: [] }
  const knownAt = (now: number) => {
    if (now < known.from || now >= known.to) {
      const from = times.findLast((time) => time <= now) ?? Number.NEGATIVE_INFINITY
      const to = times.find((time) => time > now) ?? Number.POSITIVE_INFINITY
      known = { from, to, states: scheduled(now) }
    }
    return known
  }

  const live = (now: number) =>
    knownAt(now).states.filter(({ state }) => state !== 'gone' && state !== 'revoked')
  const isSecret = ({ row }: { readonly row: OpenRow }) => row.source === 'secret'
  return {
    signerAt(time) {
      if (rows.length === 0) return 'secret'
      const at = knownAt(time)
      at.signer ??= signerOf(at.states)
      return at.signer
    },
    verifierOf: (kid, now) => live(now).find(({ row }) => row.kid === kid)?.row.key,
    acceptsSecret: (now) => rows.length === 0 || live(now).some(isSecret),
    published: (now) => live(now).flatMap(({ row }) => row.key ?? []),
  }
}

interface Known {
  readonly from: number
  readonly to: number
  readonly states: readonly Scheduled<OpenRow>[]
  signer?: Signer
}

/**
 * The current key, if this process has its private half. During a change of settings it may not, and then it signs with
 * what the others still accept: the last key before, or else the first one after.
 */
function signerOf(states: readonly Scheduled<OpenRow>[]): Signer {
  const signers = states.flatMap(({ row, state }) => {
    const signer = signerWith(row)
    return signer === undefined || state === 'revoked' ? [] : { signer, state, from: row.signsFrom }
  })
  const begun = signers.filter(({ state }) => state !== 'next').toSorted(byTime)
  const [first] = signers.filter(({ from }) => from !== null).toSorted(byTime)
  const found = begun.at(-1) ?? first
  if (found === undefined) throw new Error('there is no key that access tokens can be signed with')
  return found.signer
}

const byTime = (a: { readonly from: number | null }, b: { readonly from: number | null }) =>
  Number(a.from) - Number(b.from)

function signerWith({ source, key }: OpenRow): Signer | undefined {
  if (source === 'secret') return 'secret'
  return key?.privateKey && { ...key, privateKey: key.privateKey }
}
