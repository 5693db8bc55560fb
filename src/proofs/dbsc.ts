/**
 * Device Bound Session Credentials (https://w3c.github.io/webappsec-dbsc/): a browser signs challenges with a key that
 * cannot leave its device, and gets a short cookie for each signature. This file makes and checks the texts of that, which
 * need no store: see `docs/adr/0059-dbsc.md`.
 */

import type { KeyObject } from 'node:crypto'
import { createHash, createHmac, hkdfSync, timingSafeEqual } from 'node:crypto'
import type { SecretKeys } from '../tokens/keys.ts'

/** A key of a browser, and the session that it was registered for */
export interface Device {
  readonly sessionId: string
  /** The coordinates of a P-256 key (RFC 7518 §6.2.1), in base64url */
  readonly x: string
  readonly y: string
}

/** How long a bound cookie proves the device, in milliseconds: a copy of it is good for no longer. */
export const COOKIE_VALID = 600_000

/**
 * `Max-Age` of a bound cookie, in seconds. It is shorter, for requests under way. With less than some minutes, Chromium would
 * renew the cookie before every request.
 */
export const COOKIE_MAX_AGE = 540

// Milliseconds. A challenge is of one slot and may come back in the next one: it is good for 10 to 20 minutes. The browser
// gets one with each cookie and signs it when that cookie ends.
const SLOT = 600_000

// RFC 5869 §3.2: `info` keeps this key apart from others that are derived from the same secret.
const INFO = 'rekindle: device bound sessions'

const derived = new WeakMap<KeyObject, Buffer>()

function derivedFrom(secret: KeyObject): Buffer {
  const known = derived.get(secret)
  if (known !== undefined) return known
  const key = Buffer.from(hkdfSync('sha256', secret, '', INFO, 32))
  derived.set(secret, key)
  return key
}

type Purpose = 'registration' | 'refresh' | 'device' | 'cookie'

const mac = (secret: KeyObject, purpose: Purpose, parts: readonly string[]): string =>
  createHmac('sha256', derivedFrom(secret))
    .update(JSON.stringify([purpose, ...parts]))
    .digest('base64url')

function isMac(keys: SecretKeys, given: string, purpose: Purpose, parts: readonly string[]): boolean {
  const presented = Buffer.from(given)
  return keys.verifying.some((secret) => {
    const expected = Buffer.from(mac(secret, purpose, parts))
    return expected.length === presented.length && timingSafeEqual(expected, presented)
  })
}

const slotOf = (now: number) => Math.floor(now / SLOT)

/**
 * What a browser has to sign. Processes need not share challenges, and none is stored.
 *
 * @param now milliseconds since the epoch
 */
export function challengeFor(
  { current }: SecretKeys,
  purpose: 'registration' | 'refresh',
  sessionId: string,
  now: number,
): string {
  const slot = String(slotOf(now))
  return [sessionId, slot, mac(current, purpose, [sessionId, slot])].join('.')
}

/**
 * "Note that due to network latency and race conditions, it's possible to receive a signature for an old challenge after
 * issuing a new challenge": one of the slot before is accepted, and one of the next from a process whose clock is ahead.
 *
 * @returns the session whose challenge it is; undefined if it is stale or not ours
 */
export function sessionOfChallenge(
  keys: SecretKeys,
  purpose: 'registration' | 'refresh',
  challenge: string,
  now: number,
): string | undefined {
  const [sessionId = '', slot = '', given = ''] = challenge.split('.')
  const age = slotOf(now) - Number(slot)
  if (!(Math.abs(age) <= 1) || !isMac(keys, given, purpose, [sessionId, slot])) return undefined
  return sessionId
}

/** RFC 7638 §3.2: the SHA-256 thumbprint of the key, in base64url */
export const thumbprintOf = ({ x, y }: Pick<Device, 'x' | 'y'>): string =>
  createHash('sha256')
    .update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
    .digest('base64url')

/**
 * The identifier by which the browser names the device bound session. It has the key, so that the store keeps no more than a
 * thumbprint, and nothing at all before the key was used.
 */
export function identifierOf({ current }: SecretKeys, { sessionId, x, y }: Device): string {
  return [sessionId, x, y, mac(current, 'device', [sessionId, x, y])].join('.')
}

// 32 bytes in base64url, as every thumbprint and code
export const BYTES = /^[\w-]{43}$/

/**
 * @returns the device of an identifier, and whether this service has issued it: with the secret of then, which may have been
 * replaced since. Undefined if it is malformed.
 */
export function deviceOf(
  keys: SecretKeys,
  identifier: string,
): (Device & { readonly isIssued: boolean }) | undefined {
  const [sessionId = '', x = '', y = '', given = ''] = identifier.split('.')
  if (sessionId === '' || ![x, y, given].every((part) => BYTES.test(part))) return undefined
  return { sessionId, x, y, isIssued: isMac(keys, given, 'device', [sessionId, x, y]) }
}

/** The value of a bound cookie. @param now milliseconds since the epoch */
export function boundCookieOf({ current }: SecretKeys, device: Device, now: number): string {
  const [until, jkt] = [String(now + COOKIE_VALID), thumbprintOf(device)]
  return [until, jkt, mac(current, 'cookie', [device.sessionId, until, jkt])].join('.')
}

/** @returns the thumbprint of the key that a bound cookie of this session proves; undefined if it proves none */
export function keyOfCookie(
  keys: SecretKeys,
  value: string,
  sessionId: string,
  now: number,
): string | undefined {
  const [until = '', jkt = '', given = ''] = value.split('.')
  const remaining = Number(until) - now
  // A clock that is ahead must not make it valid for longer.
  if (!(remaining > 0 && remaining <= 2 * COOKIE_VALID)) return undefined
  return isMac(keys, given, 'cookie', [sessionId, until, jkt]) ? jkt : undefined
}
