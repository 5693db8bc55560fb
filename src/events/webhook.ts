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

/** The JSON body, with the members of Standard Webhooks. */
export function payloadOf(event: EventRow): object {
  const { id, name: type, time: timestamp, ...data } = eventBody(event)
  return { id, type, timestamp, data }
}

/** Posts an event. @param now the time of this attempt, in milliseconds since the epoch */
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
