/** The requests of a client for its session, and its requirements for the responses. */
import { PASSWORD } from '../support/service.ts'
import type { Round } from './device.ts'
import type { Lineage } from './lineage.ts'
import { insist } from './lineage.ts'
import type { Answer, Call } from './send.ts'

export type Kind = 'login' | 'rotation' | 'replay' | 'exchange' | 'repetition' | 'logout' | 'reuse'

/** Sent again until it is answered, always with the same token. */
export interface Operation {
  readonly kind: Kind
  readonly token: string
  /** Two copies at once act as two tabs. */
  readonly copies: 1 | 2
  sent: number
  isUnknown: boolean
}

export const operation = (kind: Kind, token = '', copies: 1 | 2 = 1): Operation => ({
  kind,
  token,
  copies,
  sent: 0,
  isUnknown: false,
})

export function callFor({ kind, token }: Operation, username: string): Call {
  switch (kind) {
    case 'login':
      return { path: '/api/auth/login', json: { username, password: PASSWORD } }
    case 'rotation':
    case 'replay':
    case 'reuse':
      return { path: '/refresh_token', bearer: token }
    case 'exchange':
    case 'repetition':
      return { path: '/api/auth/refresh', json: { token } }
    case 'logout':
      return { path: '/api/auth/logout', bearer: token }
  }
}

/** Chooses the next operation of an active session. @param wanted an operation that a crash waits for */
export function choose(
  lineage: Lineage,
  random: () => number,
  { wanted = '', isRevoked }: Pick<Round, 'wanted' | 'isRevoked'>,
): Operation {
  const chance = random()
  if (wanted === 'logout' && random() < 0.2) return operation('logout', lineage.refreshToken())
  const copies = random() < 0.15 ? 2 : 1
  if (chance < 0.03) return operation('logout', lineage.refreshToken())
  if (chance < 0.05 && lineage.generation >= 2) return operation('reuse', lineage.refreshToken(2))
  if (chance < 0.2 && !isRevoked(lineage.accessToken))
    return operation('exchange', lineage.accessToken, copies)
  return operation('rotation', lineage.refreshToken(), copies)
}

// The claims: a token that is repeated after a change of keys may have another signature.
const payloadOf = (token: string) => token.split('.')[1] ?? ''

/** Uses the responses, which are all responses of one operation. @returns whether the session is still active */
export function settle({ kind, token }: Operation, answers: readonly Answer[], lineage: Lineage): boolean {
  for (const { status, body } of answers) {
    const expected = kind === 'reuse' ? 401 : 200
    insist(status === expected, lineage, `${kind} is answered with ${status} ${body.message}`)
  }
  const bodies = answers.map(({ body }) => body)
  const same = (tokens: readonly string[]) =>
    insist(new Set(tokens).size === 1, lineage, `${kind}: two successors of one token`)
  switch (kind) {
    case 'rotation': {
      same(bodies.map(({ data }) => data.refresh_token))
      lineage.take(bodies[0].data.refresh_token, bodies[0].data.access_token)
      return true
    }
    case 'replay':
      same([lineage.refreshToken(), ...bodies.map(({ data }) => data.refresh_token)])
      lineage.accessTokens.push(bodies[0].data.access_token)
      return true
    case 'exchange':
      same(bodies.map(({ access_token }) => payloadOf(access_token)))
      insist(bodies[0].access_token !== token, lineage, 'an exchange for itself')
      lineage.accessTokens.push(bodies[0].access_token)
      return true
    case 'repetition':
      same([lineage.accessToken, ...bodies.map(({ access_token }) => access_token)].map(payloadOf))
      lineage.accessTokens.push(bodies[0].access_token)
      return true
    default:
      return false
  }
}
