import type { Claims } from '../tokens/jwt.ts'
import { RESERVED } from '../tokens/own-claims.ts'

/** Bytes of JSON in UTF-8, for a user and for a session. A token with both still fits well into a header of 8 kB. */
export const MAX_CLAIMS = 1024

/** A claim that is refused, with the words of the contract */
export interface ClaimsFault {
  /** Of the member: `claims` or `claims.<name>` */
  readonly path: string
  readonly reason: 'reserved' | 'too_long' | 'malformed'
  readonly message: string
}

/** @returns undefined for claims that access tokens can carry, and all libraries can read */
export function faultOfClaims(claims: Claims): ClaimsFault | undefined {
  for (const [name, value] of Object.entries(claims)) {
    const path = `claims.${name}`
    if (RESERVED.has(name))
      return { path, reason: 'reserved', message: 'Is a claim that only this service sets' }
    if (!isText(name) || !isPortable(value))
      return { path, reason: 'malformed', message: 'Has a text or number that not every library can read' }
  }
  if (Buffer.byteLength(JSON.stringify(claims)) > MAX_CLAIMS)
    return { path: 'claims', reason: 'too_long', message: `Expected at most ${MAX_CLAIMS} bytes of JSON` }
  return undefined
}

// As for ids: see isId. `__proto__` would be lost, or more than that, where claims are copied.
const isText = (text: string) => !text.includes('\0') && text.isWellFormed() && text !== '__proto__'

/** RFC 8259 §6: beyond these, numbers come out as others. */
const isNumber = (value: number) =>
  Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))

// Deeper than what fits. Without a limit, a body of brackets alone would be too deep for the stack.
const MAX_DEPTH = MAX_CLAIMS / 2

function isPortable(value: unknown, depth = 1): boolean {
  if (depth > MAX_DEPTH) return false
  if (typeof value === 'string') return isText(value)
  if (typeof value === 'number') return isNumber(value)
  if (typeof value !== 'object' || value === null) return true
  return Object.entries(value).every(([name, member]) => isText(name) && isPortable(member, depth + 1))
}
