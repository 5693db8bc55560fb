/** How long a logout takes to reach verifiers. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Verifier } from '../../../src/verify/index.ts'
import { createVerifier } from '../../../src/verify/index.ts'
import type { Cleanup } from '../../support/cleanup.ts'
import type { Dialect } from '../../support/database.ts'
import { freshDatabase } from '../../support/database.ts'
import { PASSWORD, REVOCATIONS_TOKEN, STRONG_SECRET } from '../../support/service.ts'
import { post, spawnService } from '../../support/service-process.ts'

export interface BoundOptions {
  readonly verifiers: number
  readonly logouts: number
  /** Processes of the service. Verifiers follow one, and logouts go to another. */
  readonly processes: number
}

/** Milliseconds */
export interface Bound {
  readonly p50: number
  readonly p99: number
  readonly slowest: number
}

// Logouts that are not counted, until V8 has compiled both sides
const WARM_UP = 10

interface Known {
  readonly verifier: Verifier
  /** In its memory before the logout */
  readonly entries: number
}

export async function measureBound(
  t: Cleanup,
  dialect: Dialect,
  { verifiers, logouts, processes }: BoundOptions,
): Promise<Bound> {
  const database = await freshDatabase(t, dialect)
  const env = {
    JWT_SECRET_KEY: STRONG_SECRET,
    REVOCATIONS_TOKEN,
    DATABASE_URL: database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url,
    LOG_LEVEL: 'warn',
    LIMIT_SESSIONS_USER: 'off',
    PASSWORD_MEMORY_KIB: '7168',
    PASSWORD_ITERATIONS: '5',
  }
  const [first, other = first] = [
    await spawnService(t, { ...env, LOG_LEVEL: 'info' }),
    ...(processes > 1 ? [await spawnService(t, { ...env, LOG_LEVEL: 'info' })] : []),
  ]
  if (first === undefined || other === undefined) throw new Error('no service')
  const body = { username: 'ada', password: PASSWORD }
  await post(`${first.url}/api/auth/register`, { body })
  const following = Array.from({ length: verifiers }, () =>
    createVerifier({
      keys: { secret: STRONG_SECRET },
      revocations: { url: `${first.url}/revocations`, token: REVOCATIONS_TOKEN },
    }),
  )
  t.after(() => {
    for (const verifier of following) verifier.close()
  })
  const times: number[] = []
  for (let count = -WARM_UP; count < logouts; count++) {
    const { data } = (await post(`${first.url}/api/auth/login`, { body })).body
    const [access = '', refresh = ''] = [data['access_token'], data['refresh_token']]
    await Promise.all(following.map((verifier) => verifier.verify(access)))
    // So that all of them wait for news again
    await pause(300)
    const known = following.map((verifier) => ({ verifier, entries: verifier.status().entries }))
    await post(`${other.url}/api/auth/logout`, { token: refresh })
    const ended = performance.now()
    const found = await timesUntilRefused(known, access, ended)
    if (count >= 0) times.push(...found)
  }
  times.sort((one, two) => one - two)
  const at = (share: number) =>
    times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), slowest: at(1) }
}

/**
 * Looks at all verifiers every few milliseconds, and verifies at those that have news. To verify all the time at a hundred of
 * them would take a whole core, and measure that.
 *
 * @returns the milliseconds until each refused the token
 */
async function timesUntilRefused(known: readonly Known[], token: string, since: number): Promise<number[]> {
  const times: number[] = []
  const waiting = new Set(known)
  while (waiting.size > 0) {
    if (performance.now() - since > 10_000) throw new Error(`nothing has come to ${waiting.size} of them`)
    for (const one of waiting) {
      if (one.verifier.status().entries === one.entries) continue
      waiting.delete(one)
      const reason = await one.verifier.verify(token).then(
        () => 'accepted',
        (error: { readonly reason?: string }) => error.reason,
      )
      if (reason !== 'ended') throw new Error(`it knows, and the token is ${reason}`)
      times.push(performance.now() - since)
    }
    await pause(2)
  }
  return times
}
