import { createCipheriv, scrypt } from 'node:crypto'
import type { HashParsing } from './foreign-hash.ts'
import { faultOfLengths, isSame, malformed, tooCostly } from './foreign-hash.ts'

interface Cost {
  readonly N: number
  readonly r: number
  readonly p: number
}

// Blocks of 128 bytes: 128 MiB with p=1
const MOST = 2 ** 20

const MIN_SIGNER_KEY = 16

// scrypt:32768:8:1$salt$digest
const WERKZEUG = /^scrypt:(\d{1,9}):(\d{1,5}):(\d{1,5})\$([^$]+)\$((?:[\da-f]{2})+)$/
// scrypt$16384$salt$8$1$digest
const DJANGO = /^scrypt\$(\d{1,9})\$([^$]+)\$(\d{1,5})\$(\d{1,5})\$([\w+/]+={0,2})$/
// The PHC string of passlib and others
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,5}),p=(\d{1,5})\$([\w+/]+)={0,2}\$([\w+/]+)={0,2}$/
// As Supabase takes it: `n` is `mem_cost`, `r` is `rounds`, `ss` is the salt separator, and `sk` the signer key of the project.
const FIREBASE =
  /^\$fbscrypt\$v=1,n=(\d{1,2}),r=(\d{1,5}),p=(\d{1,5}),ss=([\w+/]*={0,2}),sk=([\w+/]+={0,2})\$([\w+/]+={0,2})\$([\w+/]+={0,2})$/

const base64 = (text = '') => Buffer.from(text, 'base64')

/** Werkzeug, Django, PHC strings and Firebase. @returns undefined when the text is of none of them */
export function parseScrypt(text: string): HashParsing | undefined {
  const [, N, r, p, salt, digest] = WERKZEUG.exec(text) ?? []
  if (salt !== undefined)
    return plain(costOf(Number(N), r, p), Buffer.from(salt), Buffer.from(digest ?? '', 'hex'))
  const django = DJANGO.exec(text)
  if (django !== null)
    return plain(
      costOf(Number(django[1]), django[3], django[4]),
      Buffer.from(django[2] ?? ''),
      base64(django[5]),
    )
  const phc = PHC.exec(text)
  if (phc !== null) return plain(costOf(2 ** Number(phc[1]), phc[2], phc[3]), base64(phc[4]), base64(phc[5]))
  const firebase = FIREBASE.exec(text)
  return firebase === null ? undefined : ofFirebase(firebase)
}

const costOf = (N: number, r: string | undefined, p: string | undefined): Cost => ({
  N,
  r: Number(r),
  p: Number(p),
})

function plain(cost: Cost, salt: Buffer, digest: Buffer): HashParsing {
  return hashOf(cost, salt, digest, (password) => derive(password, salt, digest.length, cost))
}

/** Firebase encrypts the signer key of the project with the key that comes from the password. */
function ofFirebase([, n, r, p, separator, signer, salt, digest]: RegExpExecArray): HashParsing {
  const [key, expected] = [base64(signer), base64(digest)]
  if (key.length < MIN_SIGNER_KEY || key.length !== expected.length)
    return malformed('Expected a digest as long as the signer key')
  const cost = costOf(2 ** Number(n), r, p)
  const salted = Buffer.concat([base64(salt), base64(separator)])
  return hashOf(cost, base64(salt), expected, async (password) => {
    const derived = await derive(password, salted, 32, cost)
    return createCipheriv('aes-256-ctr', derived, Buffer.alloc(16)).update(key)
  })
}

function hashOf(
  { N, r, p }: Cost,
  salt: Buffer,
  expected: Buffer,
  digestOf: (password: string) => Promise<Buffer>,
): HashParsing {
  const fault = faultOfLengths(salt, expected)
  if (fault !== undefined) return fault
  if (N < 2 || !Number.isInteger(Math.log2(N)) || r < 1 || p < 1)
    return malformed('Expected a power of 2 as N, and r and p of at least 1')
  const cost = N * r * p
  if (cost > MOST) return tooCostly('N times r times p', MOST)
  return {
    family: 'scrypt',
    cost,
    verify: async (password) => isSame(await digestOf(password), expected),
  }
}

const derive = (password: string, salt: Buffer, length: number, cost: Cost) =>
  new Promise<Buffer>((resolve, reject) => {
    // OpenSSL also counts what each lane and the input takes.
    const maxmem = 128 * (cost.N + cost.p + 2) * cost.r + 4096
    scrypt(password, salt, length, { ...cost, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    )
  })
