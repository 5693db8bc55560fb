import { claimsOf } from '../support/tokens.ts'

/** What a client knows of its session: every token that it has ever received. */
export class Lineage {
  readonly id: string
  /** By generation; each generation has one */
  readonly refreshTokens: string[] = []
  readonly accessTokens: string[] = []
  readonly history: string[] = []

  constructor(refreshToken: string, accessToken: string) {
    this.id = String(claimsOf(refreshToken)['sid'])
    this.take(refreshToken, accessToken)
  }

  get generation(): number {
    return this.refreshTokens.length - 1
  }

  /** @param back the number of generations to go back */
  refreshToken(back = 0): string {
    const token = this.refreshTokens[this.generation - back]
    if (token === undefined) throw new RangeError(`no generation ${this.generation - back}`)
    return token
  }

  get accessToken(): string {
    return this.accessTokens.at(-1) ?? ''
  }

  take(refreshToken: string, accessToken: string): void {
    const { sid, generation } = claimsOf(refreshToken)
    insist(sid === this.id, this, 'a token of another session')
    insist(
      generation === this.refreshTokens.length,
      this,
      `generation ${generation} after ${this.generation}`,
    )
    this.refreshTokens.push(refreshToken)
    this.accessTokens.push(accessToken)
  }

  note(event: string): void {
    this.history.push(`${new Date().toISOString()} ${event}`)
  }
}

export class Violation extends Error {
  override readonly name = 'Violation'

  constructor(message: string, history: readonly string[]) {
    super([message, ...history].join('\n  '))
  }
}

/** @throws with the history of the session */
export function insist(holds: boolean, lineage: Lineage, otherwise: string): asserts holds {
  if (!holds) throw new Violation(`session ${lineage.id}: ${otherwise}`, lineage.history)
}
