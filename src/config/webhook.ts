import { guessable } from './guessable.ts'
import { value } from './values.ts'

/** A receiver of events. Whoever has a password in it gets told, without it. */
export const webhookUrl = value((text, wrong) => {
  const url = /^https?:\/\/\S+$/.test(text) && URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined) return wrong('must be an https:// or http:// URL')
  if (url.username !== '' || url.password !== '' || url.hash !== '')
    return wrong(
      'must have neither a user, a password nor a #: requests are signed with EVENTS_WEBHOOK_SECRET',
    )
  return url.href
})

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/

/** Whether others on the way could read it. @param url no text when it is not set, or wrong already */
export function isPlainHttp(url: unknown): boolean {
  if (typeof url !== 'string') return false
  const { protocol, hostname } = new URL(url)
  return protocol === 'http:' && !LOOPBACK.test(hostname)
}

/** As it stands, or as Standard Webhooks write it: `whsec_` and base64, that is decoded. */
export const webhookSecret = value((text, wrong) => {
  const [, base64] = /^whsec_(.*)$/s.exec(text) ?? []
  if (base64 !== undefined && !/^[A-Za-z0-9+/]{43,}={0,2}$/.test(base64))
    return wrong('must be base64 of at least 32 bytes after whsec_')
  const reason = guessable(base64 ?? text)
  return reason === undefined ? text : wrong(reason)
})
