import { createHmac } from 'node:crypto'

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
