/** Sends requests that the contract allows, almost allows and forbids, and compares every response with the contract. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { foldCase } from '../../../src/users/fold-case.ts'
import { agent, send, understood } from '../../http/malformed/send.ts'
import { checkResponse } from '../../support/check-response.ts'
import type { Planned } from './requests.ts'
import { requests } from './requests.ts'
import { concrete, learn } from './send.ts'
import type { Member, Memory } from './world.ts'
import { populate, revive, startProcess } from './world.ts'

export interface Report {
  /** Answers by operation and kind of request, then by status */
  readonly counts: ReadonlyMap<string, ReadonlyMap<number, number>>
  /** Measured twenty times during the run */
  readonly memory: readonly Memory[]
  /** Milliseconds */
  readonly duration: number
}

// The request fits the contract, so it must not be refused with these statuses.
const UNFIT = [400, 405, 413, 415, 431]

function judge(planned: Planned, status: number, text: string): void {
  assert.ok(status < 500, `${status} ${text}`)
  if (planned.kind === 'valid') {
    const isUnfit = UNFIT.includes(status) && !mayBeRefused(planned) && !isOwnName(planned, text)
    assert.ok(!isUnfit, `a request that fits is refused: ${text}`)
    if (planned.credential !== undefined) assert.notEqual(status, 401, `a good token is refused: ${text}`)
  }
  if (planned.kind === 'almost') assert.ok(status >= 400, `a request that does not fit is taken: ${text}`)
}

const SETS_PASSWORD = ['register', 'createUser', 'changePassword', 'setUserPassword', 'resetPassword']

/** Rules for new passwords that no schema contains, but the contract does. */
function mayBeRefused({ route, body }: Planned): boolean {
  if (!SETS_PASSWORD.includes(route.operation.operationId)) return false
  const { username = '', password, new_password = password } = body as Record<string, string | undefined>
  // Almost no text is a hash of another system.
  if (typeof body === 'object' && body !== null && 'password_hash' in body) return true
  if (new_password === undefined) return false
  const normalized = new_password.normalize('NFC')
  const folded = foldCase(new_password)
  return (
    [...normalized].length < 8 ||
    Buffer.byteLength(normalized) > 256 ||
    normalized.includes('\u{fffd}') ||
    new Set(folded).size === 1 ||
    (username !== '' && folded.includes(foldCase(username)))
  )
}

/** The name of a user whose password is set or changed is not in the request, and another request may have shortened it. */
const isOwnName = ({ route }: Planned, text: string): boolean =>
  ['changePassword', 'setUserPassword', 'resetPassword'].includes(route.operation.operationId) &&
  text.includes('"Contains the username"')

/** @throws AssertionError with the smallest request that still fails, and the seed */
export async function fuzz(runs: number, seed: number): Promise<Report> {
  // Even seeds have access tokens of ES256.
  const service = await startProcess(seed % 2 === 0 ? 'ES256' : 'HS256')
  const counts = new Map<string, Map<number, number>>()
  const memory: Memory[] = []
  const begun = performance.now()
  try {
    const members = await populate(service.url)
    const [victim] = members as [Member]
    await revive(service.url, victim)
    const tokens = { accessToken: victim.access, refreshToken: victim.refresh }
    let sent = 0
    const property = fc.asyncProperty(requests(tokens), async (planned) => {
      const member = members[planned.who] as Member
      await revive(service.url, member)
      const request = concrete(planned, member)
      const received = await send(service.url, request)
      learn(planned, member, request, received)
      const { status } = received.response
      const key = `${planned.route.operation.operationId} ${planned.kind}`
      const statuses = counts.get(key) ?? new Map<number, number>()
      counts.set(key, statuses.set(status, (statuses.get(status) ?? 0) + 1))
      judge(planned, status, received.text)
      checkResponse(request.method, understood(service.url, request.path), received.response, received.text)
      if (++sent % Math.ceil(runs / 20) === 0) memory.push(await service.memory())
    })
    await fc.assert(property, { numRuns: runs, seed })
    assert.deepEqual(service.defects, [], 'the service logged a defect of its own')
    assert.equal(await service.stop(), 0)
  } finally {
    agent.destroy()
    await service.stop()
  }
  return { counts, memory, duration: performance.now() - begun }
}
