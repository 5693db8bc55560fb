/** What another system knows of a user, as a request or a line of an import has it. */
import type { zCreateUserRequest } from '../../generated/schemas.ts'
import { instantOf } from '../date-time.ts'
import type { NewUser } from '../store/queries/insert-user.ts'
import { writeClaims } from '../tokens/own-claims.ts'
import { faultOfClaims } from './claims.ts'
import { isFault } from './hashes/foreign-hash.ts'
import { keepHash } from './hashes/parse.ts'

type Request = ReturnType<typeof zCreateUserRequest.parse>

/** The members that only an administrator can give. Those of the contract's `CreateUserRequest` come through here. */
export type BroughtRecord = Omit<Request, 'username' | 'password'>

export type BroughtUser = Partial<
  Pick<NewUser, 'id' | 'passwordHash' | 'work' | 'createdAt' | 'isDeactivated' | 'claims'>
>

export type Reading =
  | { readonly outcome: 'fit'; readonly user: BroughtUser }
  | {
      readonly outcome: 'unfit'
      readonly fault: { readonly path: string; readonly reason: string; readonly message: string }
    }

const unfit = (path: string, reason: string, message: string): Reading => ({
  outcome: 'unfit',
  fault: { path, reason, message },
})

/** @param now milliseconds since the epoch */
export function readBrought(record: BroughtRecord, now: number): Reading {
  const { id, password_hash: hash, created_at: created, deactivated, claims } = record
  const kept = hash === undefined ? undefined : keepHash(hash)
  if (kept !== undefined && isFault(kept)) return unfit('password_hash', kept.reason, kept.message)
  const createdAt = created === undefined ? undefined : instantOf(created)
  if (createdAt !== undefined && createdAt < 0)
    return unfit('created_at', 'too_small', 'Expected a time since 1970')
  if (createdAt !== undefined && createdAt > now)
    return unfit('created_at', 'too_large', 'Expected a time that is not in the future')
  const fault = faultOfClaims(claims ?? {})
  if (fault !== undefined) return { outcome: 'unfit', fault }
  const user = {
    ...(id !== undefined && { id }),
    ...kept,
    ...(createdAt !== undefined && { createdAt }),
    ...(deactivated !== undefined && { isDeactivated: deactivated }),
    ...(claims !== undefined && { claims: writeClaims(claims) }),
  }
  return { outcome: 'fit', user }
}
