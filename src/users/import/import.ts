import { setTimeout as pause } from 'node:timers/promises'
import { newId } from '../../ids.ts'
import type { Placement } from '../../store/queries/import-users.ts'
import type { NewUser } from '../../store/queries/insert-user.ts'
import type { BroughtRecord } from '../brought-user.ts'
import { readBrought } from '../brought-user.ts'
import { foldCase } from '../fold-case.ts'
import type { Line } from './read-lines.ts'

/** A record that fits the contract */
export type ImportRecord = BroughtRecord & { readonly username: string; readonly id: string }

export interface Refusal {
  readonly line: number
  /** The given id, if the line could be read */
  readonly id?: string | undefined
  /** For people. Contains no hash */
  readonly message: string
}

export interface Counts {
  added: number
  unchanged: number
  /** There, and changed since */
  kept: number
  refused: number
}

export interface ImportOptions {
  readonly lines: AsyncIterable<Line>
  /** Checks a value against the contract. @returns a message for a value that does not fit */
  check(value: unknown): ImportRecord | string
  /** Adds a batch, or only finds what would become of it */
  place(users: readonly NewUser[]): Promise<Placement[]>
  /** For users without a password: see `Passwords.dummyHash` */
  readonly noPassword: string
  /** Milliseconds since the epoch */
  readonly now: () => number
  onRefusal(refusal: Refusal): void
  /** @param end the position in the file */
  onBatch(counts: Readonly<Counts>, end: number): void
  /** After each batch there is a pause of this many times the time that it took. */
  readonly pauseFactor: number
}

// Rows. Their parameters fit into one statement of either database.
const BATCH = 500

/** Imports users batch by batch. Each batch is added as a whole or not at all, so that it can be run again. */
export async function importUsers(options: ImportOptions): Promise<Readonly<Counts>> {
  const counts: Counts = { added: 0, unchanged: 0, kept: 0, refused: 0 }
  const refuse = (refusal: Refusal) => {
    counts.refused++
    options.onRefusal(refusal)
  }
  let batch: { readonly line: number; readonly user: NewUser }[] = []
  const finish = async (end: number) => {
    const begun = performance.now()
    const placements = await options.place(batch.map(({ user }) => user))
    for (const [index, placement] of placements.entries()) {
      const { line = 0, user } = batch[index] ?? {}
      if (placement.outcome in counts) counts[placement.outcome as keyof Counts]++
      else refuse({ line, id: user?.id, message: clashOf(placement) })
    }
    batch = []
    options.onBatch(counts, end)
    if (options.pauseFactor > 0) await pause(options.pauseFactor * (performance.now() - begun))
  }
  let end = 0
  for await (const line of options.lines) {
    end = line.end
    const read = readLine(line, options)
    if ('message' in read) refuse(read)
    else batch.push({ line: line.number, user: read })
    if (batch.length === BATCH) await finish(end)
  }
  await finish(end)
  return counts
}

function readLine(
  { number, value, fault }: Line,
  { check, now, noPassword }: ImportOptions,
): NewUser | Refusal {
  if (fault !== undefined) return { line: number, message: fault }
  const record = check(value)
  if (typeof record === 'string') return { line: number, id: idOf(value), message: record }
  const { username, id } = record
  const brought = readBrought(record, now())
  if (brought.outcome === 'unfit')
    return { line: number, id, message: `${brought.fault.path}: ${brought.fault.message}` }
  const made = {
    id: newId(now()),
    username,
    usernameKey: foldCase(username),
    passwordHash: noPassword,
    now: now(),
  }
  return { ...made, ...brought.user }
}

/** A short text only: a line may have anything in its place. */
function idOf(value: unknown): string | undefined {
  const id = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined
  return typeof id === 'string' && id.length <= 128 ? id : undefined
}

function clashOf(placement: Placement): string {
  switch (placement.outcome) {
    case 'id_taken':
      return `id: is that of the user ${placement.username}`
    case 'id_deleted':
      return 'id: was that of a user who was deleted'
    case 'username_taken':
      return `username: is that of the user with the id ${placement.id}`
    default:
      return placement.outcome
  }
}
