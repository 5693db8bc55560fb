import type { Dialect } from '../support/database.ts'

// Before and after the statement or COMMIT that makes it last, and before and after the answer is written. The first
// ones are all that a short campaign comes to.
const EVERYWHERE = [
  'logout answered',
  'rotation after',
  'exchange after',
  'rotation answered',
  'exchange commit after',
  'exchange answered',
  ...['rotation', 'exchange', 'logout'].map((name) => `${name} unanswered`),
  ...['rotation', 'exchange', 'exchange commit', 'logout'].map((name) => `${name} before`),
  'logout after',
]

/** Where the service can be made to die, see die-at.ts. */
export const POINTS: Readonly<Record<Dialect, readonly string[]>> = {
  sqlite: EVERYWHERE,
  // The database goes on without it.
  postgres: ['rotation sent', 'exchange commit sent', 'logout sent', ...EVERYWHERE, 'exchange sent'],
}

/**
 * How the crash comes about:
 *
 * - `service`: SIGKILL at a random moment
 * - `point`: at one of the points
 * - `database`: an immediate shutdown; the service lives on
 * - `both`: at the same moment
 * - `backend`: SIGKILL to one of the database's processes, after which it restarts itself
 */
export type KillKind = 'service' | 'point' | 'database' | 'both' | 'backend'

/** Taken in turn. */
export const KINDS: Readonly<Record<Dialect, readonly KillKind[]>> = {
  sqlite: ['service', 'point'],
  postgres: [
    'service',
    'point',
    'database',
    'service',
    'point',
    'backend',
    'service',
    'point',
    'both',
    'point',
  ],
}

export interface Plan {
  readonly kind: KillKind
  /** Milliseconds, unless the kind is `point`: long enough for logins, which give way to all else */
  readonly delay: number
  readonly point: string
  /** Of how many times that the point is reached the last one is it */
  readonly times: number
}

/** Each kind and each point in turn; the moments by chance. */
export function planKills(dialect: Dialect, kills: number, random: () => number): Plan[] {
  const points = POINTS[dialect]
  let next = 0
  return Array.from({ length: kills }, (_, index) => {
    const kind = KINDS[dialect][index % KINDS[dialect].length] ?? 'service'
    const point = kind === 'point' ? (points[next++ % points.length] ?? '') : ''
    const times = 1 + Math.floor(random() * (point.startsWith('logout') ? 2 : 20))
    return { kind, delay: random() * 800, point, times }
  })
}
