import type { z } from 'zod'
import type { Environment } from './environment.ts'
import { reachOf } from './postgres-tls.ts'
import type { Limit } from './values.ts'
import { variables } from './variables.ts'

/** Every variable except the secrets, with the defaults that depend on another variable. */
export type Parsed = ReturnType<typeof withDefaults>

/** @param env read for what pg reads by itself */
export function parse(values: Environment, env: Environment): { data?: Parsed; mistakes: readonly string[] } {
  const { data, error } = variables.safeParse(values)
  const mistakes = error?.issues.map((issue) => `${issue.path.join('.')} ${issue.message}`) ?? []
  if (isUnprotected(values, env)) {
    mistakes.push(
      'DATABASE_URL leads across a network, and in production that needs TLS: append ?sslmode=verify-full, ' +
        'or ?sslmode=disable if nobody can listen on that network',
    )
  }
  return mistakes.length > 0 || data === undefined ? { mistakes } : { data: withDefaults(data), mistakes }
}

function isUnprotected(values: Environment, env: Environment): boolean {
  if (values['NODE_ENV'] !== 'production') return false
  const { data } = variables.shape.DATABASE_URL.safeParse(values['DATABASE_URL'])
  return data?.dialect === 'postgres' && reachOf(data.url, env) === 'unsaid'
}

function withDefaults(data: z.infer<typeof variables>) {
  const isProduction = data.NODE_ENV === 'production'
  // These limits count successes. Test suites have many successes, so only production has the limits.
  const ofSuccesses: Limit | false = isProduction && { points: 60, seconds: 3600 }
  return {
    ...data,
    DRAIN_SECONDS: data.DRAIN_SECONDS ?? (isProduction ? 5 : 1),
    REGISTRATION: data.REGISTRATION ?? (isProduction ? 'closed' : 'open'),
    REFRESH_COOKIE_NAME:
      data.REFRESH_COOKIE_NAME ?? (data.COOKIE_SECURE ? '__Host-refresh_token' : 'refresh_token'),
    LIMIT_REGISTER_ADDRESS: data.LIMIT_REGISTER_ADDRESS ?? ofSuccesses,
    LIMIT_PASSWORD_ADDRESS: data.LIMIT_PASSWORD_ADDRESS ?? ofSuccesses,
  }
}
