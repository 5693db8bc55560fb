/** Signatures, other spellings of the same token, and texts of any length. */
import { createHash } from 'node:crypto'
import { base64url, decode, FOREIGN_SECRET, forge, hmac, parts, signParts } from '../forge.ts'
import { attack } from './attack.ts'

attack('RFC 8725 §3.3: signatures stripped, cut, lengthened, of somebody else', ({ token, other }) => {
  const [header, payload, signature] = parts(token)
  const { header: head, payload: claims } = decode(token)
  const input = `${header}.${payload}`
  const bytes = Buffer.from(signature, 'base64url')
  const flipped = Buffer.from(bytes.map((byte, at) => (at === 31 ? byte ^ 1 : byte)))
  const [, , another] = parts(other)
  const signatures: Readonly<Record<string, string>> = {
    none: '',
    'another token’s': another,
    'one bit turned over': flipped.toString('base64url'),
    'zeros (CVE-2022-21449)': Buffer.alloc(32).toString('base64url'),
    twice: Buffer.concat([bytes, bytes]).toString('base64url'),
    'with one byte more': Buffer.concat([bytes, Buffer.of(0)]).toString('base64url'),
    'a hash without a key': createHash('sha256').update(input).digest('base64url'),
    'in hexadecimal digits': bytes.toString('hex'),
    'an empty key’s': hmac(input, Buffer.alloc(0)),
    'somebody else’s': hmac(input, FOREIGN_SECRET),
    'with the text of the payload alone': hmac(payload),
  }
  const cut = [1, 8, 16, 24, 31].map((length) => ({
    what: `the first ${length} bytes of it`,
    token: `${input}.${bytes.subarray(0, length).toString('base64url')}`,
  }))
  return [
    ...Object.entries(signatures).map(([what, text]) => ({ what, token: `${input}.${text}` })),
    ...cut,
    { what: 'no third part', token: input },
    { what: 'four parts', token: `${token}.${signature}` },
    {
      what: 'another user, the live signature',
      token: `${header}.${base64url({ ...claims, sub: 'x' })}.${signature}`,
    },
    {
      what: 'a later end, the live signature',
      token: `${header}.${base64url({ ...claims, exp: 9e9 })}.${signature}`,
    },
    { what: 'all by somebody else', token: forge(head, claims, FOREIGN_SECRET) },
  ]
})

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** The bits of the last character that belong to no byte (RFC 4648 §3.5) */
function withUnusedBits(part: string): string[] {
  const bytes = Buffer.from(part, 'base64url')
  return [...ALPHABET]
    .map((last) => part.slice(0, -1) + last)
    .filter((text) => text !== part && Buffer.from(text, 'base64url').equals(bytes))
}

attack('RFC 7515 §2, RFC 4648 §3.5: the same token, spelt otherwise', ({ token }) => {
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

attack('RFC 8259 §9: signed with the secret, but its JSON is spelt otherwise', ({ token }) => {
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

// Almost the maximum of a header, and of a body.
const LENGTH = 14_000

attack('CWE-400: as much as a request may hold', ({ token }) => {
  const { header, payload: claims } = decode(token)
  const [head, payload, signature] = parts(token)
  const much = 'x'.repeat(LENGTH)
  const deep = '['.repeat(LENGTH / 3) + ']'.repeat(LENGTH / 3)
  return [
    { what: 'a header', token: `${much}.${payload}.${signature}` },
    { what: 'a payload', token: `${head}.${much}.${signature}` },
    { what: 'a signature', token: `${head}.${payload}.${much}` },
    { what: 'dots', token: '.'.repeat(LENGTH) },
    { what: 'tokens', token: Array(30).fill(token).join('.') },
    { what: 'no parts at all', token: much },
    { what: 'a deep header, signed', token: signParts(base64url(deep), payload) },
    { what: 'a deep payload, signed', token: signParts(head, base64url(deep)) },
    { what: 'an id of this length, signed', token: forge(header, { ...claims, sub: 'x'.repeat(9000) }) },
  ]
})
