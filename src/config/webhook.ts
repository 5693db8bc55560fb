import { guessable } from './guessable.ts'
import { isLoopback } from './network.ts'
import { value } from './values.ts'

/** The URL of a receiver of events. It must not contain a password; the messages never repeat one. */
export const webhookUrl = value((text, wrong) => {
  const url = /^https?:\/\/\S+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return wrong('must be an https:// or http:// URL')
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return wrong('must not have a user, a password or a #: requests are signed with EVENTS_WEBHOOK_SECRET')
  return url.href
})

/** Whether the network could read the requests. @param url not a string when it is unset or already wrong */
export function isPlainHttp(url: unknown): boolean {
  if (typeof url !== 'string') return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !isLoopback(hostname)
}

/** A plain text, or `whsec_` followed by base64 of the secret, as in Standard Webhooks. */
export const webhookSecret = value((text, wrong) => {
  const [, base64] = /^whsec_(.*)$/s.exec(text) ?? []
  if (base64 !== undefined && !/^[A-Za-z0-9+/]{43,}={0,2}$/.test(base64))
    return wrong('must be base64 of at least 32 bytes after whsec_')
  const reason = guessable(base64 ?? text)
  return reason === undefined ? text : wrong(reason)
})
