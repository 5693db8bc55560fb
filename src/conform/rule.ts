/** What rules are made of. */
import type { OperationId } from '../http/contract.ts'
import type { Accounts } from './account.ts'
import { exampleOf } from './examples.ts'
import { good } from './provocations/good.ts'
import type { Actor, Ask, Tokens } from './provocations/provocation.ts'
import { Unprepared } from './provocations/provocation.ts'
import type { Answer } from './request.ts'

/** A response is documented, but not the one that this request should get. */
export class Broken extends Error {
  readonly operation: OperationId
  readonly status: number

  constructor(operation: OperationId, status: number, message: string) {
    super(message)
    this.operation = operation
    this.status = status
  }
}

/** Asks an operation with what succeeds, or with another request. @returns its answer, which is of that example */
export type Expect = (operation: OperationId, key: string, from: Actor | Ask) => Promise<Answer>

export interface Rule {
  readonly name: string
  /** `own`: an account that this run has made; `admin`: the admin token; `rotation`: that it is on */
  readonly needs?: 'own' | 'admin' | 'rotation'
  readonly check: (expect: Expect, actor: Actor) => Promise<void>
}

export const expecting =
  (accounts: Pick<Accounts, 'request'>): Expect =>
  async (operation, key, from) => {
    const ask = 'path' in from ? from : await good[operation](from)
    const answer = await accounts.request(ask.path, ask.request)
    if (exampleOf(operation, answer)?.key === key) return answer
    // What settings and limits allow
    const got = exampleOf(operation, answer)?.key ?? `${answer.status}, which it should not be`
    if (got === '403 disabled' || got === '429 too_many') throw new Unprepared(`the server answered ${got}`)
    throw new Broken(operation, answer.status, `expected ${key}, and it was ${got}`)
  }

export const holds = (condition: boolean, operation: OperationId, status: number, message: string): void => {
  if (!condition) throw new Broken(operation, status, message)
}

/** The actor with the tokens of an answer */
export function withTokens(actor: Actor, { body }: Answer): Actor {
  const { access_token, refresh_token } = body?.data ?? body ?? {}
  return { ...actor, accessToken: access_token, refreshToken: refresh_token ?? actor.refreshToken }
}

/** Neither token of a session works any more. */
export async function isOver(expect: Expect, actor: Actor, tokens: Tokens = actor): Promise<void> {
  await expect('refreshToken', '401 invalid', { ...actor, ...tokens })
  await expect('me', '401 invalid', { ...actor, ...tokens })
}

/** A server without a grace window refuses a request that is sent again. Then nothing can be said about its answer. */
export function unlessStrict(error: unknown): never {
  const isStrict = error instanceof Broken && error.status === 401
  throw isStrict ? new Unprepared('it is refused, as with a grace of 0 s') : error
}
