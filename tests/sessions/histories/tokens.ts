/** Requests that present a token and end no session. */
import fc from 'fast-check'
import { signRefreshToken } from '../../../src/tokens/refresh-token.ts'
import { command, fly } from './command.ts'
import { back, flight, hasSession, indexFrom, json, pick, post, withAccess, withRefresh } from './flight.ts'
import type { Answer, Caller } from './words.ts'

// Mostly by one caller, as clients do
export const refresh = fc.constantFrom<Caller>('one', 'one', 'one', 'two').chain((by) =>
  withRefresh(`refresh by ${by}`, ({ text }) => ({
    call: post('/refresh_token', text, by),
    foretell: (model, token) => model.refresh(token, by),
  })),
)

export const exchange = withAccess('exchange', ({ text }) => ({
  call: json('/api/auth/refresh', { token: text }),
  foretell: (model, token) => model.exchange(token),
}))

export const me = withAccess('me', ({ text }) => ({
  call: { path: '/api/auth/me', bearer: text },
  foretell: (model, token) => model.me(token),
}))

export const list = withAccess('sessions', ({ text }) => ({
  call: { path: '/api/auth/sessions', bearer: text },
  foretell: (model, token) => model.listSessions(token),
}))

const crossed = (message: string, status = 401): Answer => ({ why: 'crossed', status, message })

/** `docs/invariants.md`: "A refresh token is refused at `/api/auth/refresh`, and an access token at `/refresh_token`." */
export const crossedTokens = fc.oneof(
  withAccess('crossed', ({ text }) => ({
    call: post('/refresh_token', text),
    foretell: () => crossed('Invalid refresh token.'),
  })),
  withRefresh('crossed', ({ text }) => ({
    call: { path: '/api/auth/me', bearer: text },
    foretell: () => crossed('Invalid access token.'),
  })),
  withRefresh('crossed', ({ text }) => ({
    call: json('/api/auth/refresh', { token: text }),
    foretell: ({ rules }) =>
      rules.exchangeWindow === 0 ? crossed('Exchange is disabled.', 403) : crossed('Invalid access token.'),
  })),
)

/**
 * Signed with the real key, but not from the past of the row, like tokens from before a backup was restored: of a
 * generation that was not reached, or of the current one at another time.
 */
export const fromBefore = fc
  .tuple(back, fc.constantFrom(0, 0, 1, 2, 3), fc.constantFrom(-60, -1, 1))
  .map(([distance, by, offset]) =>
    command(`refresh(${by} ahead, ${offset} s off, session ${distance} back)`, hasSession, async (moment) => {
      const { model, history } = moment
      const session = pick(model.sessions, indexFrom(model.sessions, distance))
      const generation = session.generation + by
      const { id: sessionId, expiresAt } = session
      const issuedAt = session.rotatedAt + offset * 1000
      const claims = { userId: session.user.id, sessionId, generation, issuedAt, expiresAt }
      const text = await signRefreshToken(history.world.service.core.keys, claims)
      const [iat, exp] = [Math.floor(issuedAt / 1000), Math.floor(expiresAt / 1000)]
      const token = { kind: 'refresh', session, generation, iat, exp, text, copyOf: undefined } as const
      const call = post('/refresh_token', text)
      await fly(
        moment,
        flight(history, model, 'from before', call, () => model.refresh(token, 'one')),
      )
    }),
  )
