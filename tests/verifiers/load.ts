/** Devices that refresh while keys change, and verifiers that see each of their tokens. */
import assert from 'node:assert/strict'
import { rotateKey } from '../../src/keys/operate.ts'
import { HOUR, kidOf } from '../keys/service.ts'
import type { Clock, Service, Tokens } from '../support/service.ts'
import type { Verifier } from './page.ts'

export const ROTATIONS = 10
const DEVICES = 2
export interface Rotated {
  readonly service: Service
  readonly clock: Clock
  /** Milliseconds between two refreshes of a device, of which some make an hour */
  readonly step: number
  /** By their names */
  readonly verifiers: ReadonlyMap<string, Verifier>
  /** A good token of another service that calls itself the same */
  readonly forge: () => Promise<string>
}

/** Changes the key every hour, as fast as a key may sign. @returns what was done, for people */
export async function rotateUnderLoad(rotated: Rotated): Promise<string> {
  const { service, clock, step, verifiers, forge } = rotated
  const { id } = await service.register()
  const load = new Load(service, verifiers, id)
  await load.begin()
  for (let rotation = 0; rotation < ROTATIONS; rotation++) {
    for (let passed = 0; passed < HOUR; passed += step) {
      clock.now += step
      await service.core.signingKeys.update()
      await load.round()
    }
    const { outcome } = await rotateKey({ db: service.core.db, now: clock.now })
    assert.equal(outcome, 'scheduled')
    // Requests are in flight while the key changes.
    await Promise.all([service.core.signingKeys.update(), load.round()])
    await load.round()
    await load.refused(await forge())
  }
  assert.equal(load.kids.size, ROTATIONS + 1)
  return `${load.kids.size} keys: ${load.accepted} good tokens accepted, ${load.turnedAway} others refused`
}

class Load {
  readonly kids = new Set<string | undefined>()
  accepted = 0
  turnedAway = 0
  readonly #service: Service
  readonly #verifiers: ReadonlyMap<string, Verifier>
  readonly #user: string
  #devices: Tokens[] = []

  constructor(service: Service, verifiers: ReadonlyMap<string, Verifier>, user: string) {
    this.#service = service
    this.#verifiers = verifiers
    this.#user = user
  }

  async begin(): Promise<void> {
    this.#devices = await Promise.all(Array.from({ length: DEVICES }, () => this.#service.login()))
  }

  /** All devices refresh, and use the tokens of now and of before. */
  async round(): Promise<void> {
    const before = this.#devices
    this.#devices = await Promise.all(before.map(({ refreshToken }) => this.#refreshed(refreshToken)))
    for (const { accessToken } of [...before, ...this.#devices]) await this.#use(accessToken)
    for (const { refreshToken } of [before[0], this.#devices[0]].flatMap((tokens) => tokens ?? []))
      await this.refused(refreshToken)
  }

  async refused(token: string): Promise<void> {
    await this.#each(async (name, verify) => {
      assert.equal(await verify(token), undefined, `${name} accepts ${token}`)
      this.turnedAway++
    })
  }

  async #refreshed(token: string): Promise<Tokens> {
    const { status, body } = await this.#service.refresh(token)
    assert.equal(status, 200, body.message)
    const { access_token: accessToken, refresh_token: refreshToken } = body.data
    this.kids.add(kidOf(accessToken))
    return { accessToken, refreshToken }
  }

  #use(token: string): Promise<void> {
    return this.#each(async (name, verify) => {
      assert.equal(await verify(token), this.#user, `${name} refuses a token of ${kidOf(token)}`)
      this.accepted++
    })
  }

  /** All verifiers at once, and each has one token at a time. */
  async #each(act: (name: string, verify: Verifier) => Promise<void>): Promise<void> {
    await Promise.all([...this.#verifiers].map(([name, verify]) => act(name, verify)))
  }
}
