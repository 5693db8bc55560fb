import type { EventRow } from '../store/events.ts'
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

/** What a receiver gets as JSON. */
export function payloadOf(event: EventRow): object {
  return {
    id: event.id,
    type: event.name,
    timestamp: new Date(event.occurredAt).toISOString(),
    data: {
      user_id: event.userId,
      session_id: event.sessionId,
      reason: event.reason,
      kind: event.kind,
      address: event.address,
      user_agent: event.userAgent,
      request_id: event.requestId,
    },
  }
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
