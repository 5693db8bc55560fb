/** Limits on a real database, without the service: here hundreds of attempts need no hashing. */
import type { TestContext } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import type { Attempt } from '../../src/limits/guesses.ts'
import type { Limits } from '../../src/limits/limits.ts'
import { createLimits } from '../../src/limits/limits.ts'
import { createNames } from '../../src/limits/names.ts'
import type { LimitRefusal } from '../../src/limits/refusal.ts'
import { openStore } from '../../src/store/open.ts'
import type { Dialect } from '../support/database.ts'
import { DAY, NO_LIMITS, SECRET } from '../support/service.ts'
import type { StoreContext } from '../support/session-context.ts'
import { addUser, openContext } from '../support/session-context.ts'

export interface LimitsContext extends StoreContext {
  readonly limits: Limits
  /** Another process on the same database, or this one after a restart. @param ahead of the clock, in milliseconds */
  another(ahead?: number): Promise<Limits>
}

export async function openLimits(
  t: TestContext & { readonly dialect?: Dialect },
  settings: Partial<Settings['limits']>,
): Promise<LimitsContext> {
  const context = await openContext(t)
  // Only logins of users are remembered.
  await addUser(context.db)
  const names = createNames({ current: SECRET, previous: [] })
  const all = { limits: { ...NO_LIMITS, ...settings }, sessionMaxAge: 90 * DAY }
  return {
    ...context,
    limits: createLimits(all, { ...context, names }),
    async another(ahead = 0) {
      const store = await openStore(context.database)
      // The database is removed only when the test of the first one has ended.
      const { close } = context.store
      Object.assign(context.store, { close: () => store.close().then(close) })
      return createLimits(all, { db: store.db, names, now: () => context.now() + ahead })
    },
  }
}

/** @returns the attempt; fails if it was refused */
export async function passed(answer: Promise<Attempt | LimitRefusal>): Promise<Attempt> {
  const attempt = await answer
  if ('until' in attempt) throw new Error(`refused by ${attempt.policy.name}`)
  return attempt
}

/** Fails an attempt that has to be allowed. */
export async function failed(answer: Promise<Attempt | LimitRefusal>): Promise<void> {
  await (await passed(answer)).failed()
}

/** Fails the attempt if it is allowed. @returns the policy that refused it, and the milliseconds until the next attempt; undefined if none did */
export async function refusedBy(
  { now }: Pick<LimitsContext, 'now'>,
  answer: Promise<Attempt | LimitRefusal>,
): Promise<readonly [name: string, milliseconds: number] | undefined> {
  const attempt = await answer
  if ('until' in attempt) return [attempt.policy.name, attempt.until - now()]
  await attempt.failed()
  return undefined
}

export const times = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index))
