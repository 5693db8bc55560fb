/** Work that costs as much as a hash: a refusal takes the same time for every user, whatever hash the user has. */
import { pbkdf2, scrypt } from 'node:crypto'
import { promisify } from 'node:util'
import { hash as argon2 } from '@node-rs/argon2'
import { hash as bcrypt } from '@node-rs/bcrypt'
import type { Family } from '../../store/queries/foreign-hashes.ts'

const derive = { pbkdf2: promisify(pbkdf2), scrypt: promisify(scrypt as Scrypt) }

type Scrypt = (
  password: string,
  salt: string,
  length: number,
  options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
  done: (error: Error | null, key: Buffer) => void,
) => void

const SALT = 'sixteen bytes...'

// Units of the least work that bcrypt can do, and of the memory of one call of scrypt
const LEAST = { bcrypt: 2 ** 4, scrypt: 8 * 2 ** 7 }
const SCRYPT_BLOCKS = 8
const MOST_SCRYPT = 8 * 2 ** 15

/** Does work on the password threads. @param memory KiB that Argon2 takes at most */
export async function doWork(family: Family, units: number, memory: number): Promise<void> {
  switch (family) {
    case 'argon2': {
      const passes = Math.ceil(units / memory)
      const memoryCost = Math.max(8, Math.round(units / passes))
      await argon2('', { algorithm: 2, memoryCost, timeCost: passes, parallelism: 1 })
      return
    }
    case 'bcrypt':
      for (const part of powers(units, LEAST.bcrypt, units)) await bcrypt('', Math.log2(part))
      return
    case 'scrypt':
      for (const part of powers(units, LEAST.scrypt, MOST_SCRYPT)) {
        const options = { N: part / SCRYPT_BLOCKS, r: SCRYPT_BLOCKS, p: 1, maxmem: 256 * part }
        await derive.scrypt('', SALT, 32, options)
      }
      return
    default:
      await derive.pbkdf2('', SALT, Math.round(units), 20, family.slice('pbkdf2-'.length))
  }
}

/** Yields powers of 2 that add up to a number, except for what is less than the least one. */
function* powers(sum: number, least: number, most: number): Generator<number> {
  for (let left = sum; left >= least; ) {
    const part = 2 ** Math.floor(Math.log2(Math.min(left, most)))
    yield part
    left -= part
  }
}
