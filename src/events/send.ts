import type { EventRow } from '../store/queries/events.ts'
import { eventRecord } from './record.ts'
import { signatureOf, webhookKey } from './sign.ts'

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
  const { id, name: type, time: timestamp, ...data } = eventRecord(event)
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
