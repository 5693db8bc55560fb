/**
 * Random histories of a user, a verifier and the network between it and the service, held against a model: nothing is
 * accepted later than `maxStale` after it ended, and nothing that lives is said to have ended.
 */

import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { Service, Tokens } from '../support/service.ts'
import { ADMIN_TOKEN, PASSWORD } from '../support/service.ts'
import { until } from '../support/until.ts'
import { outcomeOf, startVerifier } from './api.ts'
import { network } from './network.ts'

export type Random = () => number

export interface Tally {
  /** Verifications by outcome */
  readonly outcomes: Map<string, number>
  /** Milliseconds from an ending to the last acceptance after it */
  latest: number
  /** The number of exchanged tokens that were accepted, because their grace windows were open */
  inGrace: number
}

/** Times are of `performance.now()`, and Infinity for what lives. */
interface Issued extends Tokens {
  /** Until then it may not be refused: the request that ends it was not sent, or its grace window is open. */
  livesUntil: number
  /** When the answer to the ending was there, or the grace window after it was over */
  endedAt: number
}

// Milliseconds by which the clocks of this process may drift apart in a grace window
const DRIFT = 3

const STEPS = 25

export class Violation extends Error {}

export async function runHistory(
  t: Pick<TestContext, 'after'>,
  service: Service,
  name: string,
  random: Random,
  tally: Tally,
): Promise<void> {
  const pick = <T>(some: readonly T[]): T | undefined => some[Math.floor(random() * some.length)]
  const trail: string[] = []
  const between = network()
  const maxStale = 150 + Math.floor(random() * 450)
  const options = { fetch: between.fetch, revocations: { maxStale } }
  let verifier = startVerifier(t, service.url, options)
  const user = await service.register(name)
  const tokens: Issued[] = []
  const { grace } = service.core.settings
  const living = () => tokens.filter(({ livesUntil }) => livesUntil === Number.POSITIVE_INFINITY)
  const issue = (accessToken: string, refreshToken: string) =>
    tokens.push({
      ...{ accessToken, refreshToken },
      ...{ livesUntil: Number.POSITIVE_INFINITY, endedAt: Number.POSITIVE_INFINITY },
    })
  /** @param sent when the request was sent that ended them. @param later milliseconds for which they live after it */
  const end = (some: readonly Issued[], sent: number, later = 0) => {
    for (const token of some) {
      token.livesUntil = Math.min(token.livesUntil, sent + later - DRIFT)
      token.endedAt = Math.min(token.endedAt, performance.now() + later + DRIFT)
    }
  }
  const ofSession = ({ accessToken }: Tokens) =>
    tokens.filter((other) => sidOf(other.accessToken) === sidOf(accessToken))
  const asAdmin = (path: string, more: object) =>
    service.request(`/admin/users/${user.id}${path}`, { bearer: ADMIN_TOKEN, method: 'POST', ...more })

  async function check(token: Issued): Promise<void> {
    const begun = performance.now()
    const outcome = await outcomeOf(verifier, token.accessToken)
    tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1)
    const late = begun - token.endedAt
    const early = token.livesUntil - performance.now()
    if (outcome === 'accepted') tally.latest = Math.max(tally.latest, late - maxStale)
    if (outcome === 'accepted' && early > 0 && early < grace) tally.inGrace++
    if (outcome === 'accepted' ? late > maxStale : outcome === 'ended' && early > 0)
      throw new Violation(
        `${name}: ${outcome} ${late} ms after its end, maxStale ${maxStale}: ${trail.join(', ')}`,
      )
  }

  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    async login() {
      const { status, body } = await service.tryLogin(PASSWORD, name)
      if (status === 200) issue(body.data.access_token, body.data.refresh_token)
    },
    async refresh() {
      const token = pick(living())
      if (token === undefined) return
      const sent = performance.now()
      const { status, body } = await service.refresh(token.refreshToken)
      if (status === 200) issue(body.data.access_token, body.data.refresh_token)
      // Reuse: a token of long ago
      else end(ofSession(token), sent)
    },
    async exchange() {
      const token = pick(living())
      if (token === undefined) return
      const sent = performance.now()
      const { status, body } = await service.exchange(token.accessToken)
      if (status !== 200) return end(ofSession(token), sent)
      end([token], sent, grace)
      issue(body.access_token, token.refreshToken)
    },
    async logout() {
      const token = pick(tokens)
      if (token === undefined) return
      const sent = performance.now()
      const { status } = await service.request('/api/auth/logout', {
        method: 'POST',
        bearer: token.refreshToken,
      })
      if (status === 200) end(ofSession(token), sent)
    },
    async logoutAll() {
      const sent = performance.now()
      await asAdmin('/sessions', { method: 'DELETE' })
      end(tokens, sent)
    },
    async deactivate() {
      const sent = performance.now()
      await asAdmin('/deactivate', {})
      end(tokens, sent)
      await asAdmin('/activate', {})
    },
    cut: async () => between.cut(),
    heal: async () => between.heal(),
    slow: async () => between.slow(random() * 40),
    async restart() {
      verifier.close()
      verifier = startVerifier(t, service.url, options)
    },
    wait: () => pause(random() * 80),
    verify: () => Promise.all(tokens.map(check)),
  }
  const WEIGHTED = [
    ...['login', 'login', 'refresh', 'exchange', 'logout', 'logout', 'logoutAll', 'deactivate'],
    ...[
      'cut',
      'heal',
      'heal',
      'slow',
      'restart',
      'wait',
      'wait',
      'wait',
      'verify',
      'verify',
      'verify',
      'verify',
    ],
  ]
  await steps['login']?.()
  for (let step = 0; step < STEPS; step++) {
    const next = pick(WEIGHTED) ?? 'wait'
    trail.push(next)
    await steps[next]?.()
  }
  between.heal()
  await steps['login']?.()
  for (const token of tokens) {
    const wanted = living().includes(token) ? 'accepted' : 'ended'
    await until(
      async () => {
        await check(token)
        return (await outcomeOf(verifier, token.accessToken)) === wanted
      },
      `${name}: a token is never ${wanted}: ${trail.join(', ')}`,
    )
  }
  verifier.close()
}

const sidOf = (token: string) =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sid
