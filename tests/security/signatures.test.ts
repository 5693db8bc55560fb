import { createHash } from 'node:crypto'
import { base64url, decode, FOREIGN_SECRET, forge, hmac, parts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

attack('RFC 8725 §3.3: signatures stripped, cut, lengthened, of somebody else', (token, kind, live) => {
  const [header, payload, signature] = parts(token)
  const { header: head, payload: claims } = decode(token)
  const input = `${header}.${payload}`
  const bytes = Buffer.from(signature, 'base64url')
  const flipped = Buffer.from(bytes.map((byte, at) => (at === 31 ? byte ^ 1 : byte)))
  const [, , another] = parts(kind === 'access' ? live.refreshToken : live.accessToken)
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
