import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { base64url, decode, FOREIGN_SECRET, forge, parts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

const EMPTY = Buffer.alloc(0)
const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const OCT = { kty: 'oct', k: FOREIGN_SECRET.toString('base64url'), alg: 'HS256' }
const KIDS = [
  '',
  '0',
  'unknown',
  '../../../../dev/null',
  "' union select 'x' -- ",
  '| id',
  null,
  0,
  {},
  ['a'],
]

// Where a key is said to be. Nobody may ever come for it.
let visits = 0
const listener = createServer((socket) => {
  visits++
  socket.destroy()
})
let url = ''
before(async () => {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/jwks.json`
})
after(() => listener.close())

attack('RFC 8725 §3.10, CVE-2018-0114: a key that the token itself brings, names or points to', (token) => {
  const { header, payload: claims } = decode(token)
  const [, payload, signature] = parts(token)
  const rsaHead = base64url({ ...header, alg: 'RS256', jwk: RSA.publicKey.export({ format: 'jwk' }) })
  const members: readonly Record<string, unknown>[] = [
    ...KIDS.map((kid) => ({ kid })),
    { jwk: OCT },
    { jwk: OCT, kid: 'mine' },
    { jku: url },
    { jku: url, kid: 'mine' },
    { x5u: url },
    { x5c: [RSA.publicKey.export({ type: 'spki', format: 'der' }).toString('base64')] },
    { x5t: 'x', 'x5t#S256': 'x' },
  ]
  return [
    ...members.flatMap((more) => {
      const what = JSON.stringify(more)
      return [
        {
          what: `${what}, the live signature`,
          token: `${base64url({ ...header, ...more })}.${payload}.${signature}`,
        },
        { what: `${what}, an empty key`, token: forge({ ...header, ...more }, claims, EMPTY) },
        { what: `${what}, the key it brings`, token: forge({ ...header, ...more }, claims, FOREIGN_SECRET) },
        { what: `${what}, the secret`, token: forge({ ...header, ...more }, claims) },
      ]
    }),
    {
      what: 'an RSA key and its signature',
      token: `${rsaHead}.${payload}.${sign('sha256', Buffer.from(`${rsaHead}.${payload}`), RSA.privateKey).toString('base64url')}`,
    },
  ]
})

test('nobody came for a key', () => assert.equal(visits, 0))
