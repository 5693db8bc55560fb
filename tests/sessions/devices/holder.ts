/** Somebody with tokens of a session: a browser with Device Bound Session Credentials, or a thief. */
import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import { deviceProof } from '../../../src/conform/provocations/devices.ts'
import { COOKIE_MAX_AGE, challengeFor, keyOfCookie, thumbprintOf } from '../../../src/proofs/dbsc.ts'
import type { DeviceRefresh } from '../../../src/sessions/devices.ts'
import { refreshDevice, registerDevice } from '../../../src/sessions/devices.ts'
import { exchange } from '../../../src/sessions/exchange.ts'
import { refresh } from '../../../src/sessions/refresh.ts'
import type { Origin } from '../../../src/store/queries/events.ts'
import { verifyRefreshToken } from '../../../src/tokens/refresh-token.ts'
import type { StoreContext } from '../../support/session-context.ts'

const SECOND = 1000
export const GRANTED = ['rotated', 'replayed', 'late', 'refreshed', 'exchanged']

/** What can be copied */
export interface Jar {
  readonly token: string
  readonly accessToken: string
  readonly bound?: { readonly value: string; readonly key: string; readonly madeAt: number } | undefined
  /** The challenge of a registration that was offered */
  readonly offer?: string | undefined
}

interface Device {
  readonly privateKey: KeyObject
  readonly thumbprint: string
  readonly identifier: string
  challenge: string
}

export class Holder {
  jar: Jar
  device: Device | undefined
  /** What was answered, and the bound cookie of the request */
  readonly answers: { readonly outcome: string; readonly bound: Jar['bound'] }[] = []
  /** Was refused for good: a browser asks its user to log in. */
  isOut = false
  readonly sessionId: string
  readonly #context: StoreContext
  readonly #origin: Origin

  constructor(context: StoreContext, name: string, network: number, sessionId: string, jar: Jar) {
    this.#context = context
    this.#origin = { address: `192.0.${network}.7`, userAgent: name, requestId: null }
    this.sessionId = sessionId
    this.jar = jar
  }

  /** A browser lets its cookie go a minute before the service does. */
  get hasCookie(): boolean {
    const { bound } = this.jar
    return bound !== undefined && this.#context.clock.now < bound.madeAt + COOKIE_MAX_AGE * SECOND
  }

  /** @param isLost the answer does not arrive */
  async register(isLost: boolean): Promise<string> {
    const { offer } = this.jar
    if (offer === undefined) return 'no offer'
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = publicKey.export({ format: 'jwk' })
    const result = await registerDevice(this.#context, deviceProof(offer, { jwk }, privateKey))
    this.jar = { ...this.jar, offer: undefined }
    if (result.outcome === 'registered' && !isLost) {
      const thumbprint = thumbprintOf({ x: String(jwk.x), y: String(jwk.y) })
      this.device = { privateKey, thumbprint, identifier: result.identifier, challenge: result.challenge }
      this.jar = { ...this.jar, bound: undefined }
    }
    return result.outcome
  }

  /** Signs once more when the challenge was too old. */
  async renew(isLost: boolean, tries = 2): Promise<DeviceRefresh['outcome'] | 'no key'> {
    const { device } = this
    if (device === undefined) return 'no key'
    const { keys, clock } = this.#context
    const verification = verifyRefreshToken(keys, this.jar.token, clock.now)
    const presented = verification.outcome === 'invalid' ? [] : [verification.token]
    const proof = deviceProof(device.challenge, {}, device.privateKey)
    const result = await refreshDevice(this.#context, device.identifier, proof, presented, this.#origin)
    if (isLost) return result.outcome
    if (result.outcome === 'ended') this.device = undefined
    else device.challenge = result.challenge
    if (result.outcome === 'proven') {
      const bound = { value: result.cookie, key: device.thumbprint, madeAt: clock.now }
      this.jar = { ...this.jar, bound }
    }
    return result.outcome === 'challenged' && tries > 1 ? this.renew(false, tries - 1) : result.outcome
  }

  /** As Chromium: without a cookie it proves its key first, and if that fails it sends the request and says so. */
  async refresh(lost: { readonly renewal: boolean; readonly answer: boolean }): Promise<string> {
    let isSkipped = false
    if (this.device !== undefined && !this.hasCookie) {
      await this.renew(lost.renewal)
      isSkipped = this.device !== undefined && !this.hasCookie
    }
    return this.present(this.hasCookie, isSkipped, lost.answer)
  }

  /** @param sendsCookie a thief's copy, too, although it has expired */
  async present(sendsCookie: boolean, isSkipped: boolean, isLost: boolean): Promise<string> {
    const { clock, keys } = this.#context
    const { token } = this.jar
    const bound = sendsCookie ? this.jar.bound : undefined
    const device = this.#proofs(bound, isSkipped)
    const result = await refresh(this.#context, token, () => this.#origin, { jkt: '', device })
    this.answers.push({ outcome: result.outcome, bound })
    if (isLost) return result.outcome
    if ('refreshToken' in result) {
      const { refreshToken = token, accessToken, age = 0, session } = result
      const isOffered = age >= 60 * SECOND && device.keyFor(session.id) === ''
      const offer = isOffered ? challengeFor(keys.refresh, 'registration', session.id, clock.now) : undefined
      this.jar = { ...this.jar, token: refreshToken, accessToken, ...(offer && { offer }) }
    } else if (result.outcome !== 'off_device' || !device.mayRenew()) this.isOut = true
    else if (bound !== undefined) this.jar = { ...this.jar, bound: undefined }
    return result.outcome
  }

  async exchange(): Promise<string> {
    const { bound, accessToken } = this.jar
    const proven = { jkt: '', device: this.#proofs(bound, false) }
    const { outcome } = await exchange(this.#context, accessToken, () => this.#origin, proven)
    this.answers.push({ outcome, bound })
    return outcome
  }

  #proofs(bound: Jar['bound'], isSkipped: boolean) {
    const { clock, keys } = this.#context
    return {
      keyFor: (sessionId: string) =>
        (bound && keyOfCookie(keys.refresh, bound.value, sessionId, clock.now)) ?? '',
      mayRenew: () => bound !== undefined || isSkipped,
    }
  }
}
