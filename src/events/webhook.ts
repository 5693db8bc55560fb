import { createHmac } from 'node:crypto'
import type { EventRow } from '../store/queries/events.ts'
import { eventBody } from './event-body.ts'

/** Where events are posted to. The secret is never printed. */
export interface Webhook {
  readonly url: string
  readonly secret: string
}

/** The status of the answer; undefined without any. */
export type Answered = number | undefined

// Milliseconds for a whole answer
const TIMEOUT = 10_000

/** What a receiver gets as JSON: members as Standard Webhooks names them. */
export function payloadOf(event: EventRow): object {
  const { id, name: type, time: timestamp, ...data } = eventBody(event)
  return { id, type, timestamp, data }
}

/** Posts one event. @param now milliseconds since the epoch, of this attempt @param signal breaks it off */
export async function send(
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
      // Where it leads to is nobody that the operator has named.
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

/** The bytes that a secret stands for: with the prefix of Standard Webhooks in base64, otherwise the text itself. */
export const webhookKey = (secret: string): Buffer =>
  secret.startsWith(PREFIX) ? Buffer.from(secret.slice(PREFIX.length), 'base64') : Buffer.from(secret)

/**
 * Standard Webhooks: "the identifier, timestamp, and payload … concatenated with full-stops (`.`)", signed with
 * HMAC-SHA256, in base64 after `v1,`. @param timestamp seconds since the epoch
 */
export function signatureOf(key: Uint8Array, id: string, timestamp: number, body: string): string {
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`
}
