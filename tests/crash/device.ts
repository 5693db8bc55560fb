import type { Figures } from './figures.ts'
import { insist, Lineage, Violation } from './lineage.ts'
import type { Operation } from './operations.ts'
import { callFor, choose, operation, settle } from './operations.ts'
import type { Answer, Loss } from './send.ts'
import { send } from './send.ts'

export interface Round {
  readonly url: string
  /** The operation that a crash waits for */
  readonly wanted: string | undefined
  /** Whether to stop after the current operation */
  isOver(): boolean
  /** Whether a loss can be explained */
  mayFail(): boolean
  /** Whether a token's key was revoked */
  isRevoked(token: string): boolean
}

/** A client with one session at a time. It refreshes, ends and opens it, one operation after the other. */
export class Device {
  lineage: Lineage | undefined
  /** Sent, and not answered yet */
  pending: Operation | undefined
  /** Sessions that have ended, by the responses */
  readonly ended: Lineage[] = []
  readonly username: string
  readonly #random: () => number
  readonly #figures: Figures

  constructor(username: string, random: () => number, figures: Figures) {
    this.username = username
    this.#random = random
    this.#figures = figures
  }

  /** Runs until the round is over or no response comes. */
  async run(round: Round): Promise<void> {
    do {
      this.pending ??= this.lineage ? choose(this.lineage, this.#random, round) : operation('login')
      const answers = await this.#send(this.pending, round)
      if (answers.length === 0) return
      if (this.#isOfRevokedKey(this.pending, answers, round)) continue
      this.pending = this.#take(this.pending, answers)
    } while (!round.isOver())
  }

  /** An exchange that was sent before its token's key was revoked: it is refused, and the session goes on. */
  #isOfRevokedKey({ kind, token }: Operation, answers: readonly Answer[], round: Round): boolean {
    const { lineage } = this
    if (lineage === undefined || (kind !== 'exchange' && kind !== 'repetition')) return false
    if (!round.isRevoked(token)) return false
    for (const { status } of answers) insist(status === 401, lineage, `${kind} of a revoked key: ${status}`)
    this.pending = undefined
    return true
  }

  async #send(current: Operation, round: Round): Promise<Answer[]> {
    const { kind, copies } = current
    current.sent++
    const call = callFor(current, this.username)
    const results = await Promise.all(Array.from({ length: copies }, () => send(round.url, call)))
    const seen = results.map((result) => (typeof result === 'string' ? result : result.status)).join(' and ')
    this.lineage?.note(`${kind} of generation ${this.lineage.generation}, sent ${current.sent}: ${seen}`)
    const answers = results.filter((result) => typeof result !== 'string')
    // Password hashing has the lowest priority: on a busy machine a login may get 503.
    const isBusy = kind === 'login' && results.includes('unavailable')
    if (answers.length < copies && !round.mayFail() && !isBusy) {
      throw new Violation(`${kind}: ${seen}, although nothing was killed`, this.lineage?.history ?? [])
    }
    const isLost = (result: Answer | Loss) => result === 'cut' || result === 'unavailable'
    if (answers.length === 0) current.isUnknown ||= results.some(isLost)
    return answers
  }

  /** @returns the operation that must follow */
  #take(done: Operation, answers: readonly Answer[]): Operation | undefined {
    const { kind, token, isUnknown } = done
    const { acknowledged, recovered } = this.#figures
    acknowledged.add(kind)
    if (isUnknown) recovered.add(kind)
    const { lineage } = this
    if (lineage === undefined) {
      this.lineage = opened(answers)
      return undefined
    }
    if (!settle(done, answers, lineage)) {
      this.ended.push(lineage)
      this.lineage = undefined
      return undefined
    }
    const isRepeated = isUnknown || this.#random() < 0.05
    if (kind === 'rotation' && isRepeated) return operation('replay', lineage.refreshToken(1))
    if (kind === 'exchange' && isRepeated) return operation('repetition', token)
    return undefined
  }
}

function opened([answer]: readonly Answer[]): Lineage {
  if (answer?.status !== 200) throw new Violation(`login is answered with ${answer?.status}`, [])
  const { refresh_token, access_token } = answer.body.data
  return new Lineage(refresh_token, access_token)
}
