import { createHmac } from 'node:crypto'
import type { EventRow } from '../store/queries/events.ts'
import { eventBody } from './event-body.ts'

/** The receiver of events. The secret is never printed. */
export interface Webhook {
  readonly url: string
  readonly secret: string
}

/** The status of the answer. Undefined: there was no answer. */
export type Answered = number | undefined

// Milliseconds until the headers of the answer must have arrived
const TIMEOUT = 10_000

// What names of clients are made of. Markup, quotes, control characters and what templates, shells and SQL interpret are
// not among it: the receiver may show the text, or a firewall before it may take it for an attack.
const SUSPICIOUS = /[^A-Za-z0-9 ()[\]/.,:;_+*@=~-]/g

/** The JSON form of an event. Suspicious characters of the User-Agent are replaced. */
export const payloadOf = (event: EventRow) =>
  eventBody({ ...event, userAgent: event.userAgent?.replace(SUSPICIOUS, '_') ?? null })

/**
 * Posts an event. If the receiver does not accept it, it is posted once more at once, without the text that the client of
 * the request wrote: a firewall may object to any text. So nobody's text can delay an event, and failures of this
 * function do not depend on it.
 *
 * @param now the time of this attempt, in milliseconds since the epoch
 */
export async function send(
  webhook: Webhook,
  event: EventRow,
  now: number,
  signal: AbortSignal,
): Promise<Answered> {
  const answered = await post(webhook, event, now, signal)
  const hasText = event.userAgent !== null || event.requestId !== null
  if (isAccepted(answered) || !hasText || signal.aborted) return answered
  return post(webhook, { ...event, userAgent: null, requestId: null }, now, signal)
}

export const isAccepted = (answered: Answered) => answered !== undefined && answered >= 200 && answered < 300

async function post(
  { url, secret }: Webhook,
  event: EventRow,
  now: number,
  signal: AbortSignal,
): Promise<Answered> {
  const timestamp = Math.floor(now / 1000)
  const body = JSON.stringify(payloadOf(event))
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'User-Agent': 'rekindle',
        'webhook-id': event.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signatureOf(webhookKey(secret), event.id, timestamp, body),
      },
      body,
      // A redirect may lead to a server that the operator has not chosen.
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT)]),
    })
    await response.body?.cancel()
    return response.status
  } catch {
    return undefined
  }
}

const PREFIX = 'whsec_'

/** The bytes of a secret, which is base64 after the prefix of Standard Webhooks, and plain text without it. */
export const webhookKey = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret)

/**
 * Standard Webhooks: "the identifier, timestamp, and payload … concatenated with full-stops (`.`)", signed with
 * HMAC-SHA256, in base64 after `v1,`. @param timestamp seconds since the epoch
 */
export function signatureOf(key: Uint8Array, id: string, timestamp: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
