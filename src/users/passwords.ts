import { availableParallelism } from 'node:os'
import { hash, parseOptions, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import type { Family, Work } from '../store/queries/foreign-hashes.ts'
import type { ForeignHash } from './hashes/foreign-hash.ts'
import { isFault } from './hashes/foreign-hash.ts'
import { isOwn, parseForeign } from './hashes/parse.ts'
import { doWork } from './hashes/work.ts'

/** The cost of a hash, and so of each guess at a password. */
export interface HashCost {
  /** KiB */
  readonly memory: number
  /** Passes over that memory */
  readonly iterations: number
}

// `algorithm: 2` is Argon2id. `isolatedModules` forbids importing the library's const enum.
const argon2id = ({ memory, iterations }: HashCost) => ({
  algorithm: 2,
  memoryCost: memory,
  timeCost: iterations,
  parallelism: 1,
})

const dummyHashAt = ({ memory, iterations }: HashCost) =>
  `$argon2id$v=19$m=${memory},t=${iterations},p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`

// Leaves a core for the event loop, and two of the four threads of Node's pool.
const CONCURRENCY = Math.max(1, Math.min(2, availableParallelism() - 1))

// The weight of the newest hash in the moving average
const NEWEST_SHARE = 0.1

/** Hashes and verifies passwords off the event loop. */
export interface Passwords {
  /** The number of passwords hashed at a time, each on its own thread with its own memory */
  readonly concurrency: number
  /** Milliseconds in which a password is hashed or verified, divided by `concurrency`: a moving average. 0: not known yet */
  readonly pace: number
  /**
   * A hash of 32 zero bytes, which matches no password. It stands in for the hash of an unknown user and of a user
   * without a password, so that verifying costs as much as with a real hash.
   */
  readonly dummyHash: string
  /** @returns a PHC string */
  hash(password: string): Promise<string>
  /**
   * Refusing takes the same time for every hash, including an older one at a lower cost and none (an unknown user).
   *
   * @param foreign the most work of hashes of other systems that users have. Every refusal takes at least that.
   */
  verify(passwordHash: string | undefined, password: string, foreign?: Work): Promise<boolean>
  /**
   * Hashes a verified password again if its hash is of another system, or costs less than new hashes do.
   *
   * @returns undefined when the cost is high enough, or when the other system has ignored the end of the password
   */
  rehash(passwordHash: string, password: string): Promise<string | undefined>
}

/**
 * The form in which a password is measured and hashed: NFC (RFC 8265 §4.2.1), because the same keys give different
 * code points on different devices.
 */
export const normalizePassword = (password: string): string => password.normalize('NFC')

/** @param cost of new hashes */
export function createPasswords(cost: HashCost, concurrency = CONCURRENCY): Passwords {
  const limit = pLimit(concurrency)
  let mean = 0

  const onThread = <T>(task: () => Promise<T>): Promise<T> =>
    limit(async () => {
      const begun = performance.now()
      try {
        return await task()
      } finally {
        const taken = performance.now() - begun
        mean += mean === 0 ? taken : NEWEST_SHARE * (taken - mean)
      }
    })
  const hashAt = (at: HashCost, password: string) =>
    onThread(() => hash(normalizePassword(password), argon2id(at)))

  const dummyHash = dummyHashAt(cost)

  return {
    dummyHash,
    concurrency,

    get pace() {
      return mean / concurrency
    },

    hash: (password) => hashAt(cost, password),

    async verify(passwordHash, password, foreign = {}) {
      return onThread(async () => {
        const known = readHash(passwordHash ?? dummyHash)
        if (await known.verify(password)) return passwordHash !== undefined
        const most: Work = { ...foreign, argon2: Math.max(workOf(cost), foreign.argon2 ?? 0) }
        for (const [family, work] of Object.entries(most) as [Family, number][]) {
          const missing = work - (family === known.family ? known.cost : 0)
          if (missing > 0) await doWork(family, missing, cost.memory)
        }
        return false
      })
    },

    async rehash(passwordHash, password) {
      if (!isOwn(passwordHash)) {
        const isWhole = readHash(passwordHash).truncates?.(password) !== true
        return isWhole ? hashAt(cost, password) : undefined
      }
      const old = costOf(passwordHash)
      if (old.memory >= cost.memory && old.iterations >= cost.iterations) return undefined
      const raised = {
        memory: Math.max(old.memory, cost.memory),
        iterations: Math.max(old.iterations, cost.iterations),
      }
      return hashAt(raised, password)
    },
  }
}

function costOf(passwordHash: string): HashCost {
  const { memoryCost, timeCost } = parseOptions(passwordHash)
  return { memory: memoryCost, iterations: timeCost }
}

const workOf = ({ memory, iterations }: HashCost) => memory * iterations

/** A kept hash, of this service or of another system */
function readHash(passwordHash: string): ForeignHash {
  if (isOwn(passwordHash))
    return {
      family: 'argon2',
      cost: workOf(costOf(passwordHash)),
      verify: (password) => verify(passwordHash, normalizePassword(password)),
    }
  const parsed = parseForeign(passwordHash)
  if (isFault(parsed)) throw new TypeError(`a password hash that cannot be read: ${parsed.message}`)
  // NUL ends a password in bcrypt, and adds nothing to it in HMAC, so that another password would match.
  const verifyWhole = async (password: string) => (await parsed.verify(password)) && !password.includes('\0')
  return { ...parsed, verify: verifyWhole }
}
