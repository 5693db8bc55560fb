import { availableParallelism } from 'node:os'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import { createQueue } from './queue.ts'

/** What a hash costs, and with it each guess at a password. */
export interface HashCost {
  /** KiB */
  readonly memory: number
  /** Passes over that memory */
  readonly iterations: number
}

// `algorithm: 2` is Argon2id; the library's const enum cannot be imported here.
const argon2id = ({ memory, iterations }: HashCost) => ({
  algorithm: 2,
  memoryCost: memory,
  timeCost: iterations,
  parallelism: 1,
})

const dummyHashAt = ({ memory, iterations }: HashCost) =>
  `$argon2id$v=19$m=${memory},t=${iterations},p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

/** More passwords wait to be checked than the service will hold: try again later. */
export class TooBusyError extends Error {
  readonly code = 'ERR_TOO_BUSY'
}

// Milliseconds. Whoever has to wait longer is refused: that is when Retry-After sends them back, too.
const PATIENCE = 1500

// A core is left for the event loop, and of the four threads of Node's pool two.
const CONCURRENCY = Math.max(1, Math.min(2, availableParallelism() - 1))

export interface PasswordQueue {
  /** How many are hashed at a time, each on a thread and in memory of its own */
  readonly concurrency: number
  /** How many may wait */
  readonly queue: number
}

/** Hashing and verifying off the event loop. Both throw {@link TooBusyError} when the queue is full. */
export interface Passwords {
  /** How many wait to be hashed or verified */
  readonly waiting: number
  /**
   * A hash that no password has: 32 zero bytes. It is what a password is verified against when there is no user, and what
   * a user without a password has in the place of one: both cost what a real one does.
   */
  readonly dummyHash: string
  /** @returns a PHC string */
  hash(password: string): Promise<string>
  /** Whatever the hash costs, and without one (an unknown user): a refusal takes the same time. */
  verify(passwordHash: string | undefined, password: string): Promise<boolean>
  /**
   * Hashes a password anew that was verified against a hash which costs less than new ones do.
   *
   * @returns undefined when it costs enough, or when the queue is full: then it is for the next login to do
   */
  rehash(passwordHash: string, password: string): Promise<string | undefined>
}

/**
 * The form in which a password is measured and hashed. The same keystrokes give different code points on different
 * devices: RFC 8265 §4.2.1 compares in NFC.
 */
export const normalizePassword = (password: string): string => password.normalize('NFC')

/** @param cost of new hashes */
export function createPasswords(
  cost: HashCost,
  options: PasswordQueue = { concurrency: CONCURRENCY, queue: 64 },
): Passwords {
  const queue = createQueue({ concurrency: options.concurrency, length: options.queue, patience: PATIENCE })

  function enqueue<T>(task: () => Promise<T>): Promise<T> {
    const result = queue.run(task)
    if (result === undefined) throw new TooBusyError('too many passwords wait to be checked')
    return result
  }
  const hashAt = async (at: HashCost, password: string) =>
    enqueue(() => hash(normalizePassword(password), argon2id(at)))

  const nobody = dummyHashAt(cost)

  return {
    dummyHash: nobody,

    get waiting() {
      return queue.waiting
    },

    hash: (password) => hashAt(cost, password),

    async verify(passwordHash, password) {
      return enqueue(async () => {
        const matches = await verify(passwordHash ?? nobody, normalizePassword(password))
        if (passwordHash === undefined || matches) return passwordHash !== undefined
        const rest = paddingCost(costOf(passwordHash), cost)
        if (rest !== undefined) await hash('', argon2id(rest))
        return false
      })
    },

    async rehash(passwordHash, password) {
      const old = costOf(passwordHash)
      if (old.memory >= cost.memory && old.iterations >= cost.iterations) return undefined
      const raised = {
        memory: Math.max(old.memory, cost.memory),
        iterations: Math.max(old.iterations, cost.iterations),
      }
      try {
        return await hashAt(raised, password)
      } catch (error) {
        if (error instanceof TooBusyError) return undefined
        throw error
      }
    },
  }
}

function costOf(passwordHash: string): HashCost {
  const { memoryCost, timeCost } = parseOptions(passwordHash)
  return { memory: memoryCost, iterations: timeCost }
}

/**
 * What has to be added to a hash from before the setting rose, so that its user does not answer sooner than nobody
 * does: the time goes by memory times passes. Never more memory at once than a new hash takes.
 */
function paddingCost(old: HashCost, cost: HashCost): HashCost | undefined {
  const rest = cost.memory * cost.iterations - old.memory * old.iterations
  if (rest <= 0) return undefined
  const iterations = Math.ceil(rest / cost.memory)
  return { memory: Math.max(8, Math.round(rest / iterations)), iterations }
}
