import { createHmac, hkdfSync } from 'node:crypto'
import { widestNetworkOf } from '../limits/networks.ts'
import type { Origin } from '../store/queries/events.ts'
import type { TokenKeys } from '../tokens/keys.ts'

/** Whom a refresh token is handed to, as far as the service can see */
export type Caller = Pick<Origin, 'address' | 'userAgent'>

// RFC 5869 §3.2: `info` keeps this key apart from others that are derived from the same secret.
const INFO = 'rekindle: marks of refresh tokens'

// Characters of base64url: 36 bits. Two callers rarely have the same mark, and a mark says nothing about its caller.
const LENGTH = 6

// Callers that a process remembers for each key, because a hash takes longer than looking it up
const MAX_REMEMBERED = 10_000

interface Marks {
  readonly key: Buffer
  readonly known: Map<string, string>
}

const marks = new WeakMap<TokenKeys, Marks>()

function marksOf(keys: TokenKeys): Marks {
  const made = marks.get(keys)
  if (made !== undefined) return made
  const key = Buffer.from(hkdfSync('sha256', keys.refresh.current, '', INFO, 32))
  const fresh = { key, known: new Map<string, string>() }
  marks.set(keys, fresh)
  return fresh
}

/**
 * A short keyed hash of the user agent and the network of a caller. The network is wide, a /24 or a /48, because a client
 * gets other addresses of it all the time.
 */
export function markOf(keys: TokenKeys, { address, userAgent }: Caller): string {
  const { key, known } = marksOf(keys)
  const caller = `${address ?? ''} ${userAgent ?? ''}`
  const remembered = known.get(caller)
  if (remembered !== undefined) return remembered
  const seen = `${widestNetworkOf(address)} ${userAgent ?? ''}`
  const mark = createHmac('sha256', key).update(seen).digest('base64url').slice(0, LENGTH)
  if (known.size >= MAX_REMEMBERED) known.clear()
  known.set(caller, mark)
  return mark
}
