import type { Database } from '../schema.ts'

/** Members of a statement at most, so that none takes long */
const MAX_MEMBERS = 100

/** One statement for several members, each of another session */
export interface BatchStatement<Member, Row> {
  readonly execute: (db: Database, members: readonly Member[]) => Promise<readonly Row[]>
  /** Fewer members than this are better executed alone. */
  readonly minimum: 1 | 2
}

interface Batch<Member, Row> {
  /** The first of each session */
  readonly members: Map<string, Member>
  /** By session. Undefined when there were too few members: nothing was executed. */
  readonly rows: Promise<ReadonlyMap<string, Row> | undefined>
}

/**
 * For PostgreSQL: one statement for all that arrives in one turn of the event loop, since each statement costs a message
 * each way, a transaction and a write to the disk. See `docs/adr/0017-shared-rotations.md`.
 *
 * @returns adds a member to the batch of this turn, and resolves to its row. It resolves to undefined when there was no row
 * for it, and when it has to be executed alone: nothing was executed, or another member is of the same session. An error of
 * the statement rejects all members.
 */
export function batchPerTurn<
  Member extends { readonly sessionId: string },
  Row extends { readonly id: string },
>({
  execute,
  minimum,
}: BatchStatement<Member, Row>): (db: Database, member: Member) => Promise<Row | undefined> {
  const batches = new WeakMap<Database, Batch<Member, Row>>()

  function open(db: Database): Batch<Member, Row> {
    const members = new Map<string, Member>()
    const { promise: rows, resolve } = Promise.withResolvers<ReadonlyMap<string, Row> | undefined>()
    const batch = { members, rows }
    batches.set(db, batch)
    // At the end of this turn
    setImmediate(() => {
      if (batches.get(db) === batch) batches.delete(db)
      resolve(members.size < minimum ? undefined : bySession(execute(db, [...members.values()])))
    })
    return batch
  }

  const bySession = async (rows: Promise<readonly Row[]>) => new Map((await rows).map((row) => [row.id, row]))

  return async (db, member) => {
    if (db.isTransaction) return undefined
    let batch = batches.get(db)
    // A full batch takes no more members; it is executed at the end of the turn as well.
    if (batch === undefined || batch.members.size === MAX_MEMBERS) batch = open(db)
    const isFirst = !batch.members.has(member.sessionId)
    if (isFirst) batch.members.set(member.sessionId, member)
    const rows = await batch.rows
    return isFirst ? rows?.get(member.sessionId) : undefined
  }
}
