import { hash, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'

// OWASP's first choice for Argon2id. `algorithm: 2` is Argon2id; the library's const enum cannot be imported here.
const ARGON2ID = { algorithm: 2, memoryCost: 19456, timeCost: 2, parallelism: 1 }

// What a password is verified against when there is no user: it costs what a real one does.
const NOBODY = `$argon2id$v=19$m=${ARGON2ID.memoryCost},t=${ARGON2ID.timeCost},p=${ARGON2ID.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** More passwords wait to be checked than the service will hold: try again later. */
export class TooBusyError extends Error {
  readonly code = 'ERR_TOO_BUSY'
}

export interface PasswordOptions {
  /** How many are hashed at a time, each on a thread and with 19 MiB of its own */
  readonly concurrency: number
  /** How many may wait */
  readonly queue: number
}

/** Hashing and verifying off the event loop. Both throw {@link TooBusyError} when the queue is full. */
export interface Passwords {
  /** @returns a PHC string */
  hash(password: string): Promise<string>
  /** Without a hash (an unknown user) it takes the same time and fails. */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>
}

// The same keystrokes give different code points on different devices: RFC 8265 §4.2.1 compares in NFC.
const normalize = (password: string) => password.normalize('NFC')

export function createPasswords(options: PasswordOptions = { concurrency: 2, queue: 64 }): Passwords {
  const limit = pLimit(options.concurrency)

  function enqueue<T>(task: () => Promise<T>): Promise<T> {
    if (limit.pendingCount >= options.queue) throw new TooBusyError('too many passwords wait to be checked')
    return limit(task)
  }

  return {
    hash: async (password) => enqueue(() => hash(normalize(password), ARGON2ID)),
    async verify(passwordHash, password) {
      const matches = await enqueue(() => verify(passwordHash ?? NOBODY, normalize(password)))
      return matches && passwordHash !== undefined
    },
  }
}
