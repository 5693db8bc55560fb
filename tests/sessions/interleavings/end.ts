/** What two operations returned and left behind, and what must hold for it in any order. */

import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import { decodeJwt } from 'jose'
import { authenticate } from '../../../src/sessions/authenticate.ts'
import { exchange } from '../../../src/sessions/exchange.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import { OPERATOR } from '../../../src/store/queries/events.ts'
import type { Result } from './operations.ts'
import type { World } from './world.ts'

type Rows = Awaited<ReturnType<World['rows']>>

export interface End {
  readonly results: readonly [Result, Result]
  readonly rows: Rows
}

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g

/** Without random values: the session of a login, the `jti` of an access token that was not exchanged. */
function named({ sessionId, otherId }: World, value: unknown): unknown {
  const isKnown = (id: string) => id === sessionId || id === otherId
  const text = JSON.stringify(value).replaceAll(UUID, (id) => (isKnown(id) ? id : 'new'))
  return JSON.parse(text, (_key, part) => (Array.isArray(part) && part[0]?.id ? part.toSorted(byText) : part))
}
const byText = (a: unknown, b: unknown) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)

const toldBy = ({ outcome, deleted, accessToken, refreshToken }: Result) => ({
  outcome,
  deleted,
  refreshToken: refreshToken && decodeJwt(refreshToken),
  accessToken: accessToken && decodeJwt(accessToken),
})

/** Two operations that end a session at once are both right, so the reason is not compared. */
function comparable(world: World, { results, rows }: End) {
  const sessions = rows.sessions.map(({ revoked_at, revoked_reason: _, ...row }) => ({
    ...row,
    isRevoked: revoked_at !== null,
  }))
  return named(world, { results: results.map(toldBy), ...rows, sessions })
}

const revocations = (world: World, { rows }: End) =>
  rows.sessions.map(({ id, revoked_at, revoked_reason }) =>
    JSON.stringify(named(world, { id, revoked_at, revoked_reason })),
  )

/** @returns checks that an end equals that of one operation after the other, in one of both orders */
export function explainedBy(world: World, orders: readonly End[]): (end: End) => void {
  const expected = orders.map((order) => comparable(world, order))
  const known = new Set(orders.flatMap((order) => revocations(world, order)))
  return (end) => {
    const is = comparable(world, end)
    // If neither order fits, this shows the difference from the first one.
    if (!expected.some((order) => isDeepStrictEqual(is, order))) assert.deepEqual(is, expected[0])
    for (const revocation of revocations(world, end)) assert.ok(known.has(revocation), revocation)
  }
}

/** Each end of a session is reported once. */
export function checkCounts({ results: [a, b], rows }: End): void {
  if (a.ended === undefined || b.ended === undefined) return
  assert.equal(a.ended + b.ended, rows.sessions.filter((row) => row.revoked_at !== null).length)
}

/** Each generation has one token for each caller, byte by byte. */
export function checkLineage({ sessionId, refreshTokens }: World, { results }: End): void {
  const known = new Map<unknown, string>()
  for (const token of [...Object.values(refreshTokens), ...results.map((result) => result.refreshToken)]) {
    if (token === undefined) continue
    const { sid, jti } = decodeJwt(token)
    if (sid !== sessionId) continue
    assert.equal(token, known.get(jti) ?? token, `two tokens with jti ${jti}`)
    known.set(jti, token)
  }
}

const ACCEPTED = ['rotated', 'replayed', 'late', 'refreshed', 'exchanged', 'authenticated']

/** No token of the session, old or issued meanwhile, is accepted, except those that a password change gave out. */
export async function checkNothingLives(world: World, { results, rows }: End): Promise<void> {
  const { sessionId, refreshTokens, accessTokens } = world
  const [process] = world.processes
  const row = rows.sessions.find(({ id }) => id === sessionId)
  const start = row?.revoked_at === null ? row.start_generation : Number.POSITIVE_INFINITY
  const isOfSession = (token: string | undefined): token is string => {
    if (token === undefined) return false
    const { sid, generation } = decodeJwt(token)
    return sid === sessionId && Number(generation ?? 0) < start
  }
  const refused = async (answer: Promise<{ readonly outcome: string }>) => {
    const { outcome } = await answer
    assert.ok(!ACCEPTED.includes(outcome), `a token of a session that is over was ${outcome}`)
  }
  const minted = results.map((result) => result.accessToken)
  for (const token of new Set([...minted, accessTokens.good].filter(isOfSession))) {
    await refused(authenticate(process, token))
    await refused(exchange(process, token, () => OPERATOR))
  }
  const successors = results.map((result) => result.refreshToken)
  for (const token of new Set([...successors, refreshTokens.current].filter(isOfSession))) {
    await refused(refresh(process, token, () => OPERATOR))
  }
}
