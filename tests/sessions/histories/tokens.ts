/** Commands that present a token: the latest most often, the one before often, any other now and then. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { signRefreshToken } from '../../../src/tokens/refresh-token.ts'
import type { Model } from '../model.ts'
import type { Command, Moment } from './command.ts'
import { command, json, post } from './command.ts'
import type { AccessToken, Answer, RefreshToken } from './words.ts'

type Commands = fc.Arbitrary<Command>

export const hasSession = (model: Readonly<Model>) => model.sessions.length > 0

export const back = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 3, arbitrary: fc.nat(2) },
  { weight: 1, arbitrary: fc.nat(40) },
)

export function pick<T>(items: readonly T[], distance: number): T {
  const item = items.at(-1 - (distance % items.length))
  assert.ok(item !== undefined)
  return item
}

export const withAccess = (
  label: string,
  run: (moment: Moment, token: AccessToken) => Promise<void>,
): Commands =>
  back.map((n) =>
    command(`${label}(access, ${n} back)`, hasSession, (moment) => {
      const token = pick(moment.model.accessTokens, n)
      moment.present('access', token)
      return run(moment, token)
    }),
  )

export const withRefresh = (
  label: string,
  run: (moment: Moment, token: RefreshToken) => Promise<void>,
): Commands =>
  back.map((n) =>
    command(`${label}(refresh, ${n} back)`, hasSession, (moment) => {
      const token = pick(moment.model.refreshTokens, n)
      moment.present('refresh', token)
      return run(moment, token)
    }),
  )

export const refresh = withRefresh('refresh', ({ model, ask }, token) =>
  ask(model.refresh(token), post('/refresh_token', token.text)),
)

export const exchange = withAccess('exchange', ({ model, ask }, token) =>
  ask(model.exchange(token), json('/api/auth/refresh', { token: token.text })),
)

export const me = withAccess('me', ({ model, ask }, token) =>
  ask(model.refusal(token) ?? { why: 'known', status: 200 }, { path: '/api/auth/me', bearer: token.text }),
)

export const list = withAccess('sessions', ({ model, ask }, token) =>
  ask(model.listSessions(token), { path: '/api/auth/sessions', bearer: token.text }),
)

const why = 'crossed'
const invalidRefresh: Answer = { why, status: 401, message: 'Invalid refresh token.' }
const invalidAccess: Answer = { why, status: 401, message: 'Invalid access token.' }
const disabled: Answer = { why, status: 403, message: 'Exchange is disabled.' }

/** DESIGN §4: "A refresh token is refused here, an access token at `/refresh_token`." */
export const crossedRefresh = withRefresh('crossed', async ({ model, ask }, { text }) => {
  const answer = model.rules.exchangeWindow === 0 ? disabled : invalidAccess
  await ask(answer, json('/api/auth/refresh', { token: text }))
  await ask(invalidAccess, { path: '/api/auth/me', bearer: text })
})
export const crossedAccess = withAccess('crossed', ({ ask }, { text }) =>
  ask(invalidRefresh, post('/refresh_token', text)),
)

/**
 * Signed with the real key, but not of the row's past, as tokens are from before a backup was restored: of a generation
 * that was not reached, or of the current one at another time.
 */
export const fromBefore = fc
  .tuple(back, fc.constantFrom(0, 0, 1, 2, 3), fc.constantFrom(-60, -1, 1))
  .map(([n, by, offset]) =>
    command(
      `refresh(${by} ahead, ${offset} s off, session ${n} back)`,
      hasSession,
      async ({ model, ask, history: { world } }) => {
        const session = pick(model.sessions, n)
        const generation = session.generation + by
        const { id: sessionId, expiresAt } = session
        const issuedAt = session.rotatedAt + offset * 1000
        const claims = { userId: session.user.id, sessionId, generation, issuedAt, expiresAt }
        const text = await signRefreshToken(world.service.core.tokens, claims)
        const [iat, exp] = [Math.floor(issuedAt / 1000), Math.floor(expiresAt / 1000)]
        await ask(model.refresh({ session, generation, iat, exp, text }), post('/refresh_token', text))
      },
    ),
  )
