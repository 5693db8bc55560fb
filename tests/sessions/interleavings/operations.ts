/** Operations on a session that two processes may run at once. */

import { logIn } from '../../../src/http/operations/log-in.ts'
import { authenticate } from '../../../src/sessions/authenticate.ts'
import { exchange } from '../../../src/sessions/exchange.ts'
import { mintRefreshToken } from '../../../src/sessions/mint.ts'
import { openSession } from '../../../src/sessions/open.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import { endAllSessions, endSession, logout } from '../../../src/sessions/revoke.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import { pruneSessions } from '../../../src/store/queries/prune.ts'
import { activateUser, deactivateUser, deleteUser } from '../../../src/store/queries/users.ts'
import { changePassword, mayRepeatChange } from '../../../src/users/change-password.ts'
import { DAY, PASSWORD } from '../../support/service.ts'
import type { Process, World } from './world.ts'
import { ANOTHER } from './world.ts'

export interface Result {
  /** The outcome, as far as a client can see it */
  readonly outcome: string
  readonly refreshToken?: string | undefined
  readonly accessToken?: string
  /** The number of sessions that ended, if the operation reports it */
  readonly ended?: number
  /** The number of sessions that pruning deleted */
  readonly deleted?: number
}

export type Operation = (process: Process, world: World) => Promise<Result>

// All of them have one response: 401 `Invalid refresh token.`, or `Invalid access token.`
const INVALID = ['invalid', 'unknown_session', 'revoked', 'superseded', 'reused', 'shared', 'spent']

const told = <T extends Result>(result: T): Result =>
  INVALID.includes(result.outcome) ? { outcome: 'invalid' } : result

// The reason may mix before and after: the password was right before, and the user is inactive after.
const refused: Result = { outcome: 'refused' }

async function login(process: Process): Promise<Result> {
  const credentials = { username: 'ada', password: PASSWORD }
  const { outcome, ...grant } = await logIn(process, credentials, {
    userAgent: null,
    address: null,
    requestId: null,
  })
  return outcome === 'opened' ? { outcome, ...grant } : refused
}

async function opened(process: Process, { userId }: World): Promise<Result> {
  const grant = await openSession(
    process,
    {
      userId,
      passwordHash: undefined,
      userAgent: null,
      address: null,
    },
    OPERATOR,
  )
  return grant === undefined ? refused : { outcome: 'opened', ...grant }
}

async function changed(process: Process, { userId, otherId: sessionId }: World): Promise<Result> {
  const newPassword = `the new one of ${process.now()}`
  const asked = { userId, sessionId, generation: 0, isSuperseded: false }
  const request = { ...asked, username: 'ada', currentPassword: PASSWORD, newPassword }
  const change = await changePassword(process, request, OPERATOR)
  return change.outcome === 'changed'
    ? { outcome: 'changed', ended: change.endedSessions }
    : { ...refused, ended: 0 }
}

/** In the session itself. The same change each time, so that a second one repeats the first. */
async function changedHere(process: Process, { accessTokens }: World): Promise<Result> {
  const access = await authenticate(process, accessTokens.own)
  if (!('user' in access)) return { ...refused, ended: 0 }
  const isSuperseded = access.outcome === 'superseded'
  if (isSuperseded && !(await mayRepeatChange(process, access))) return { ...refused, ended: 0 }
  const passwords = { currentPassword: PASSWORD, newPassword: 'the same new one' }
  const request = { ...access, isSuperseded, username: 'ada', ...passwords }
  const change = await changePassword(process, request, OPERATOR)
  if (!('session' in change)) return { ...refused, ended: 0 }
  return {
    outcome: 'changed',
    ended: change.endedSessions,
    refreshToken: mintRefreshToken(process, change.session, OPERATOR),
  }
}

async function loggedOut(process: Process, { refreshTokens }: World): Promise<Result> {
  const { outcome } = await logout(process, refreshTokens.old, OPERATOR)
  return { outcome: 'logged out', ended: outcome === 'revoked' ? 1 : 0 }
}

// With a wrong clock, so that it deletes active sessions.
async function prune(process: Process): Promise<number> {
  const now = process.now() + 100 * DAY
  const { gone } = await pruneSessions(process.db, { now, idleCutoff: now - DAY, batch: 10 })
  return gone
}

/** On PostgreSQL pruning skips locked rows, and deletes them in its next run. */
export async function pruneWhatIsLeft(world: World, result: Result): Promise<Result> {
  const { sessions } = await world.rows()
  const isLeft = sessions.some(({ id }) => id === world.sessionId || id === world.otherId)
  if (result.deleted === undefined || !isLeft) return result
  return { ...result, deleted: result.deleted + (await prune(world.processes[0])) }
}

/** After these, no token of the session from before is valid. */
export const ENDINGS: Readonly<Record<string, Operation>> = {
  logout: loggedOut,
  'end session': async (process, { sessionId, userId }) => {
    const events = await endSession(process, { sessionId, reason: 'ended', userId, origin: OPERATOR })
    return { outcome: `${events.length > 0}`, ended: events.length > 0 ? 1 : 0 }
  },
  logout_all: async (process, { userId }) => {
    const { endedSessions } = await endAllSessions(process, {
      userId,
      reason: 'logout_all',
      origin: OPERATOR,
    })
    return { outcome: 'ended', ended: endedSessions }
  },
  'password change': changed,
  'password change here': changedHere,
  deactivation: async ({ db, now }, { userId }) => {
    const ended = await deactivateUser(db, userId, now(), OPERATOR)
    return {
      outcome: ended === undefined ? 'unknown' : 'deactivated',
      ended: ended?.endedSessions ?? 0,
    }
  },
  deletion: async ({ db }, { userId }) => ({
    outcome: `${(await deleteUser(db, userId, Date.now(), OPERATOR)) !== undefined}`,
  }),
  reuse: async (process, { refreshTokens }) =>
    told(await refresh(process, refreshTokens.old, () => OPERATOR)),
  'another copy': async (process, { refreshTokens }) =>
    told(await refresh(process, refreshTokens.copy, () => ANOTHER)),
  'reuse by exchange': async (process, { accessTokens }) =>
    told(await exchange(process, accessTokens.old, () => OPERATOR)),
  prune: async (process) => ({ outcome: 'pruned', deleted: await prune(process) }),
}

export const OPERATIONS: Readonly<Record<string, Operation>> = {
  refresh: async (process, { refreshTokens }) =>
    told(await refresh(process, refreshTokens.current, () => OPERATOR)),
  replay: async (process, { refreshTokens }) =>
    told(await refresh(process, refreshTokens.predecessor, () => OPERATOR)),
  'replay by another': async (process, { refreshTokens }) =>
    told(await refresh(process, refreshTokens.predecessor, () => ANOTHER)),
  exchange: async (process, { accessTokens }) =>
    told(await exchange(process, accessTokens.good, () => OPERATOR)),
  'replayed exchange': async (process, { accessTokens }) =>
    told(await exchange(process, accessTokens.exchanged, () => OPERATOR)),
  me: async (process, { accessTokens }) => told(await authenticate(process, accessTokens.good)),
  login,
  'login elsewhere': opened,
  activation: async ({ db }, { userId }) => ({
    outcome: `${(await activateUser(db, userId, Date.now(), OPERATOR)) !== undefined}`,
  }),
  ...ENDINGS,
}
