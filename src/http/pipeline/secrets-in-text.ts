/** Secrets that a misconfigured client sends where text of the client is kept or logged. */
import { timingSafeEqual } from 'node:crypto'
import type { CoreOptions } from '../core.ts'

// Bytes. A shorter one, such as `secret`, is also a word that texts have by chance.
const MIN_FOREIGN = 16

const foreignSecret = (key: CoreOptions['secrets']['adoption']) =>
  key !== undefined && 'secret' in key && key.secret.length >= MIN_FOREIGN ? key.secret : undefined

/**
 * Creates a function that finds the secrets of this service in a text. Its time depends on the lengths only, so it
 * reveals nothing about them.
 */
export function secretFinder(
  { current, previous, refresh, admin, revocations, introspection, adoption }: CoreOptions['secrets'],
  webhook: string | undefined,
): (text: string) => boolean {
  const receivers = webhook === undefined ? undefined : Buffer.from(webhook.replace(/^whsec_/, ''))
  const secrets = [
    admin,
    revocations,
    introspection,
    receivers,
    current,
    ...previous,
    refresh?.current,
    ...(refresh?.previous ?? []),
    foreignSecret(adoption),
  ].filter((secret) => secret !== undefined)
  return (text) => {
    const bytes = Buffer.from(text)
    let found = 0
    for (const secret of secrets)
      for (let at = 0; at + secret.length <= bytes.length; at++)
        found |= Number(timingSafeEqual(bytes.subarray(at, at + secret.length), secret))
    return found !== 0
  }
}

// The first characters of a JSON object in base64url, which every JWT begins with; a webhook secret; 32 bytes in hex
const KNOWN_FORMS = /eyJ[\w-]{8}|whsec_|^[\da-fA-F]{64}$/

// 32 random bytes in base64url have 43 characters, of all kinds. UUIDs and ids of traces have one case only.
const RANDOM = /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{40,}$/

/** Whether a text of at most 64 characters may be a token or key, of this service or of another one. */
export const looksLikeCredential = (text: string): boolean => KNOWN_FORMS.test(text) || RANDOM.test(text)

const JWT = /ey[\w-]{8,}\.[\w-]+\.[\w-]*/g

/** A text of a client as it may be kept, such as the name of a device */
export function withoutSecrets(text: string, holdsSecret: (text: string) => boolean): string {
  const plain = text.replace(JWT, '[token]')
  return holdsSecret(plain) ? '[secret]' : plain
}

// Characters
const MAX_PATH = 256
const MAX_SEGMENT = 24
const MAX_SEGMENTS = 8
const MAX_WORDS = 4

// `refresh`, `Token`, `API`, `v1`. Tokens, codes and most passwords mix letters and digits.
const WORD = /^(?:[A-Z]?[a-z]+|[A-Z]{2,5})?\d{0,2}$/

/**
 * A path that matches no operation as it may be logged: an operator has to see which prefix was wrong, but a client may send
 * a token in it. Only segments of few words are kept.
 */
export function plainPath(path: string, holdsSecret: (text: string) => boolean): string {
  if (path.length > MAX_PATH) return '[long path]'
  if (holdsSecret(path)) return '[secret]'
  const [, ...segments] = path.split('/')
  const shown = segments.slice(0, MAX_SEGMENTS).map((segment) => (isPlain(segment) ? segment : '[…]'))
  return `/${[...shown, ...(segments.length > MAX_SEGMENTS ? ['…'] : [])].join('/')}`
}

function isPlain(segment: string): boolean {
  if (segment.length > MAX_SEGMENT) return false
  const words = segment.replace(/^\./, '').split(/[-_.~]|(?<=[a-z])(?=[A-Z])/)
  return words.length <= MAX_WORDS && words.every((word) => WORD.test(word))
}
