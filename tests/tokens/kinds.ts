/** Both kinds of tokens, for tests that run for both. */
import { signAccessToken, verifyAccessToken } from '../../src/tokens/access-token.ts'
import type { TokenKeys } from '../../src/tokens/keys.ts'
import { signRefreshToken, verifyRefreshToken } from '../../src/tokens/refresh-token.ts'
import { NOW, NOW_SECONDS } from './forge.ts'

const TTL = 60
const common = { sub: 'user', sid: 'session', iat: NOW_SECONDS, exp: NOW_SECONDS + TTL }
const times = { issuedAt: NOW, expiresAt: NOW + TTL * 1000 }

export const kinds = {
  access: {
    header: { alg: 'HS256', typ: 'at+jwt' },
    claims: { ...common, jti: 'id', type: 'access' } as Readonly<Record<string, unknown>>,
    /** The result of verifying: times in whole seconds */
    token: {
      id: 'id',
      userId: 'user',
      sessionId: 'session',
      generation: 0,
      issuedAt: common.iat * 1000,
      expiresAt: common.exp * 1000,
    },
    sign: (tokens: TokenKeys) =>
      signAccessToken(tokens, { id: 'id', userId: 'user', sessionId: 'session', generation: 0, ...times }),
    verify: verifyAccessToken,
  },
  refresh: {
    header: { alg: 'HS256', typ: 'rt+jwt' },
    claims: { ...common, jti: 'session.7', type: 'refresh', generation: 7 } as Readonly<
      Record<string, unknown>
    >,
    token: {
      userId: 'user',
      sessionId: 'session',
      generation: 7,
      issuedAt: common.iat * 1000,
      expiresAt: common.exp * 1000,
    },
    sign: (tokens: TokenKeys) =>
      signRefreshToken(tokens, { userId: 'user', sessionId: 'session', generation: 7, ...times }),
    verify: verifyRefreshToken,
  },
} as const

export type Kind = keyof typeof kinds
export const names = Object.keys(kinds) as Kind[]
export const other = (kind: Kind): Kind => (kind === 'access' ? 'refresh' : 'access')
