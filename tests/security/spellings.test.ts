import { base64url, decode, parts, signParts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The bits of the last character that no byte is made of (RFC 4648 §3.5) */
function withUnusedBits(part: string): string[] {
  const bytes = Buffer.from(part, 'base64url')
  return [...ALPHABET]
    .map((last) => part.slice(0, -1) + last)
    .filter((text) => text !== part && Buffer.from(text, 'base64url').equals(bytes))
}

attack('RFC 7515 §2, RFC 4648 §3.5: the same token, spelt otherwise', (token) => {
  const all = parts(token)
  const texts = all.flatMap((part, at) => {
    const spellings = [
      ...withUnusedBits(part),
      ...['=', '==', '%3D', ' =', '\n', '\t', '!', 'A'].map((end) => part + end),
      ...[' ', '\ufeff'].map((start) => start + part),
      `${part.slice(0, 9)} ${part.slice(9)}`,
      `${part.slice(0, 9)}\n${part.slice(9)}`,
      part.replaceAll('-', '+').replaceAll('_', '/'),
      Buffer.from(part, 'base64url').toString('base64'),
    ]
    return spellings.map((spelling) => all.with(at, spelling).join('.'))
  })
  const around = [`"${token}"`, `${token},`, `${token}.`, `.${token}`, `${token} ${token}`, `Bearer ${token}`]
  return [...texts, ...around]
    .filter((text) => text !== token)
    .map((text) => ({ what: JSON.stringify(text), token: text }))
})

attack('RFC 8259 §9: signed with the secret, but its JSON is spelt otherwise', (token) => {
  const { header, payload } = decode(token)
  const spellings = (value: Readonly<Record<string, unknown>>) => {
    const text = JSON.stringify(value)
    return [
      ` ${text}`,
      `${text}\n`,
      `\ufeff${text}`,
      text.replaceAll(':', ': '),
      text
        .replace('"', '"\\u')
        .replace('\\u', `\\u00${text.charCodeAt(2).toString(16)}`)
        .replace(text[2] ?? '', ''),
    ]
  }
  return [
    ...spellings(header).map((text) => ({
      what: text,
      token: signParts(base64url(text), base64url(payload)),
    })),
    ...spellings(payload).map((text) => ({
      what: text,
      token: signParts(base64url(header), base64url(text)),
    })),
  ]
})
