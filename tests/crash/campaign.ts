import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import type { Cleanup } from '../support/cleanup.ts'
import type { Dialect } from '../support/database.ts'
import { seededRandom } from '../support/seeded-random.ts'
import { client } from '../support/service.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { checkRefused, checkRows } from './check.ts'
import { Device } from './device.ts'
import type { Figures } from './figures.ts'
import { newFigures } from './figures.ts'
import { Keys, keySetOf } from './keys.ts'
import type { Lineage } from './lineage.ts'
import { Violation } from './lineage.ts'
import type { Plan } from './plan.ts'
import { planKills } from './plan.ts'
import type { Place } from './target.ts'
import { openPlace, startTarget, untilReady } from './target.ts'

export interface CampaignOptions {
  readonly kills: number
  readonly seed: number
  readonly dialect: Dialect
  /** Milliseconds that the service may take until it is ready again */
  readonly readyWithin: number
  /** Ends it early, with all the checks */
  readonly signal?: AbortSignal
  progress?(kills: number, figures: Figures): void
}

const DEVICES = 8
// Milliseconds
const POINT_PATIENCE = 3000

/** Runs clients, and crashes and checks the service meanwhile. @throws Violation if something was lost or undone */
export async function runCampaign(cleanup: Cleanup, options: CampaignOptions): Promise<Figures> {
  const random = seededRandom(options.seed)
  const campaign = new Campaign(cleanup, options, await openPlace(cleanup, options.dialect), random)
  await campaign.begin()
  let done = 0
  for (const plan of planKills(options.dialect, options.kills, random)) {
    if (options.signal?.aborted) break
    await campaign.crash(plan)
    await campaign.check()
    options.progress?.(++done, campaign.figures)
  }
  await campaign.finish()
  return campaign.figures
}

class Campaign {
  readonly figures = newFigures()
  readonly #devices: readonly Device[]
  readonly #cleanup: Cleanup
  readonly #options: CampaignOptions
  readonly #place: Place
  readonly #random: () => number
  /** For each device, the number of its ended sessions that were refused once */
  readonly #refused = new WeakMap<Device, number>()
  readonly #keys: Keys
  #service!: ServiceProcess

  constructor(cleanup: Cleanup, options: CampaignOptions, place: Place, random: () => number) {
    this.#cleanup = cleanup
    this.#options = options
    this.#place = place
    this.#random = random
    this.#keys = new Keys(place.options, this.figures.keys)
    // Two devices share a user, and so a row.
    const names = Array.from({ length: DEVICES }, (_, index) => `user${index >> 1}`)
    this.#devices = names.map((name) => new Device(name, random, this.figures))
  }

  async begin(): Promise<void> {
    // Two processes that start at once make one key.
    const [, other] = await Promise.all([this.#start(), startTarget(this.#cleanup, this.#place.options)])
    assert.deepEqual(await keySetOf(other.url), await keySetOf(this.#service.url))
    await other.stop('SIGKILL')
    for (const name of new Set(this.#devices.map(({ username }) => username)))
      await client(this.#service.url).register(name)
  }

  /** Lets the clients work until there is a crash, and waits until the service is ready again. */
  async crash(plan: Plan): Promise<void> {
    const isAnywhere = plan.kind !== 'point'
    let isStruck = false
    let isOver = false
    if (!isAnywhere) this.#service.stdin.write(`${plan.point} ${plan.times}\n`)
    const round = {
      url: this.#service.url,
      wanted: plan.point.split(' ')[0],
      isOver: () => isOver,
      mayFail: () => isStruck || !isAnywhere,
      isRevoked: this.#keys.isRevoked,
    }
    const work = Promise.all(this.#devices.map((device) => device.run(round)))
    work.catch(() => {}) // awaited below
    if (plan.point.startsWith('key')) await this.#keys.rotate()
    if (isAnywhere) {
      await pause(plan.delay)
      isStruck = true
    }
    await this.#strike(plan)
    isOver = true
    await work
    if (plan.kind === 'database' || plan.kind === 'backend')
      await this.#awaitReady('database', performance.now())
    else {
      await this.#keys.operate(this.#random)
      await this.#start()
    }
  }

  async #strike({ kind, point }: Plan): Promise<void> {
    const { kills } = this.figures
    if (kind === 'point') {
      const isDead = await Promise.race([this.#service.ended, pause(POINT_PATIENCE)])
      kills.add(isDead === undefined ? 'service, for the point was not reached' : `at ${point}`)
    } else kills.add(kind)
    if (kind === 'database') await this.#place.crash()
    else if (kind === 'backend') await this.#place.crashBackend()
    else await Promise.all([this.#service.stop('SIGKILL'), kind === 'both' && this.#place.crash()])
  }

  async #start(): Promise<void> {
    const begun = performance.now()
    this.#service = await startTarget(this.#cleanup, this.#place.options)
    await this.#awaitReady('service', begun)
  }

  async #awaitReady(after: 'service' | 'database', begun: number): Promise<void> {
    const taken = await untilReady(this.#service.url, begun)
    this.figures.ready[after].push(taken)
    if (taken > this.#options.readyWithin) throw new Violation(`ready after ${Math.round(taken)} ms only`, [])
  }

  /** Checks all rows, the tokens of sessions that ended since the last check, and those of a few older sessions. */
  async check(): Promise<void> {
    await checkRows(this.#place.options, this.#devices, this.figures.unknown)
    await this.#keys.check(this.#service.url, this.#devices)
    const ended = this.#devices.flatMap((device) => {
      const older = device.ended[Math.floor(this.#random() * device.ended.length)]
      const latest = device.ended.slice(this.#refused.get(device) ?? 0)
      this.#refused.set(device, device.ended.length)
      return older === undefined ? latest : [older, ...latest]
    })
    await this.#checkRefused(ended)
  }

  async #checkRefused(ended: readonly Lineage[]): Promise<void> {
    for (const lineage of ended) await checkRefused(this.#service.url, lineage)
    this.figures.refused += ended.length
  }

  /** Resolves what is still unknown. All sessions that ever ended must still be over. */
  async finish(): Promise<void> {
    const { url } = this.#service
    let left = 100
    const round = {
      url,
      wanted: undefined,
      isOver: () => left-- <= 0,
      mayFail: () => false,
      isRevoked: this.#keys.isRevoked,
    }
    await Promise.all(this.#devices.map((device) => device.run(round)))
    await this.check()
    await this.#checkRefused(this.#devices.flatMap(({ ended }) => ended))
  }
}
