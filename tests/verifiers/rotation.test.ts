/** Verifiers with the caches that they have by default, while keys change ten times under load. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { before, test } from 'node:test'
import { rotateKey } from '../../src/keys/operate.ts'
import { HOUR, kidOf } from '../keys/service.ts'
import type { Clock, Service, Tokens } from '../support/service.ts'
import { MINUTE } from '../support/service.ts'
import { EXAMPLES } from './examples.ts'
import type { Verifier } from './page.ts'
import { codeFor, loadVerifier } from './page.ts'
import { startIssuer, trustFront } from './service.ts'

const ROTATIONS = 10
const DEVICES = 2
// Caches of five and of ten minutes run out at different times.
const STEP = 6 * MINUTE

before(trustFront)

/** Moves the clock of this process: of the service, and of the verifiers, whose caches go by one of these. */
function movableClock(t: TestContext): Clock {
  const now = Date.now()
  const elapsed = performance.now()
  t.mock.timers.enable({ apis: ['Date', 'setInterval'], now })
  t.mock.method(performance, 'now', () => elapsed + Date.now() - now)
  return {
    get now() {
      return Date.now()
    },
    set now(time) {
      t.mock.timers.tick(time - Date.now())
    },
  }
}

test(`${ROTATIONS} keys in turn: no good token is refused, and no refresh token accepted`, async (t) => {
  const clock = movableClock(t)
  const { service, publicUrl } = await startIssuer(t, 'ES256', clock)
  const forger = await startIssuer(t, 'ES256', clock, { settings: { publicUrl } })
  const { id } = await service.register()
  await forger.service.register()
  const verifiers = await verifiersOf(t, publicUrl)
  const load = new Load(service, verifiers, id)
  await load.begin()
  const { accessToken: forged } = await forger.service.login()
  for (let rotation = 0; rotation < ROTATIONS; rotation++) {
    for (let passed = 0; passed < HOUR; passed += STEP) {
      clock.now += STEP
      await service.core.signingKeys.update()
      await load.round()
    }
    const { outcome } = await rotateKey({ db: service.core.db, now: clock.now })
    assert.equal(outcome, 'scheduled')
    // Other requests are in flight meanwhile.
    await Promise.all([service.core.signingKeys.update(), load.round()])
    await load.round()
    await load.refused(forged)
  }
  assert.equal(load.kids.size, ROTATIONS + 1)
  t.diagnostic(`${load.accepted} good tokens accepted, ${load.turnedAway} others refused`)
})

async function verifiersOf(t: TestContext, publicUrl: string): Promise<ReadonlyMap<string, Verifier>> {
  const verifiers = new Map<string, Verifier>()
  for (const { name, code, algorithms } of EXAMPLES) {
    if (algorithms.includes('ES256'))
      verifiers.set(name, await loadVerifier(t, codeFor(code, publicUrl)))
  }
  return verifiers
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
    await Promise.all([...before, ...this.#devices].map((tokens) => this.#use(tokens)))
    await this.refused(before[0]?.refreshToken ?? '')
    await this.refused(this.#devices[0]?.refreshToken ?? '')
  }

  async refused(token: string): Promise<void> {
    for (const [name, verify] of this.#verifiers) {
      assert.equal(await verify(token), undefined, name)
      this.turnedAway++
    }
  }

  async #refreshed(token: string): Promise<Tokens> {
    const { status, body } = await this.#service.refresh(token)
    assert.equal(status, 200, body.message)
    const { access_token: accessToken, refresh_token: refreshToken } = body.data
    this.kids.add(kidOf(accessToken))
    return { accessToken, refreshToken }
  }

  async #use({ accessToken }: Tokens): Promise<void> {
    for (const [name, verify] of this.#verifiers) {
      assert.equal(await verify(accessToken), this.#user, `${name} refuses a token of ${kidOf(accessToken)}`)
      this.accepted++
    }
  }
}
