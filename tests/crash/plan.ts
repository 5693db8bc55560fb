import type { Dialect } from '../support/database.ts'

// Before and after the statement or COMMIT that makes the change durable, and before and after the response is written.
// A short campaign only reaches the first ones.
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
  // While the service makes a key, because the operator lets the next one sign
  ...['key before', 'key after', 'key commit after'],
]

/** The points at which the service can be killed, see die-at.ts. */
export const POINTS: Readonly<Record<Dialect, readonly string[]>> = {
  sqlite: EVERYWHERE,
  // The database continues without it.
  postgres: ['rotation sent', 'exchange commit sent', 'logout sent', ...EVERYWHERE, 'exchange sent'],
}

/**
 * The kinds of crashes:
 *
 * - `service`: SIGKILL at a random moment
 * - `point`: at one of the points
 * - `database`: an immediate shutdown; the service continues
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
  /** Milliseconds, unless the kind is `point`. Long enough for logins, which have the lowest priority */
  readonly delay: number
  readonly point: string
  /** The occurrence of the point at which the service is killed */
  readonly times: number
}

/** Each kind and each point in turn, at random times. */
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
