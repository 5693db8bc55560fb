import type { Passwords } from './passwords.ts'
import type { Queue } from './queue.ts'
import { createQueue } from './queue.ts'

// Milliseconds. A request that would wait longer is refused.
const MAX_WAIT = 1500

// Requests that may wait
const LENGTH = 64

// Some requests read and write while others hash, so that the threads have no pause.
const BESIDE_HASHING = 1

/**
 * The queue of requests that hash a password: see `docs/adr/0024-logins-under-load.md`. A request waits before it is
 * counted by any limit, so one that finds no turn has written nothing.
 */
export const createTurns = (passwords: Pick<Passwords, 'concurrency' | 'pace'>): Queue =>
  createQueue({
    concurrency: passwords.concurrency + BESIDE_HASHING,
    length: LENGTH,
    maxWait: MAX_WAIT,
    cost: () => passwords.pace,
  })
