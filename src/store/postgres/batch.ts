import type { Database } from '../schema.ts'

/** The maximum number of members of a statement, so that none takes long */
const MAX_MEMBERS = 100

/** One statement for several members, each of a different session */
export interface BatchStatement<Member, Row> {
  readonly execute: (db: Database, members: readonly Member[]) => Promise<readonly Row[]>
  /** Fewer members than this are better executed alone. */
  readonly minimum: 1 | 2
}

interface Batch<Member, Row> {
  /** The first member of each session */
  readonly members: Map<string, Member>
  /** By session. Undefined when there were too few members: nothing was executed. */
  readonly rows: Promise<ReadonlyMap<string, Row> | undefined>
}

/**
 * For PostgreSQL: executes the members of one turn of the event loop as one statement, because each statement costs a
 * round trip, a transaction and a write to the disk. See `docs/adr/0017-shared-rotations.md`.
 *
 * @returns a function that adds a member to this turn's batch and resolves to its row. Undefined: there was no row, or
 * the batch was too small, or it already had a member of the same session. An error of the statement rejects all members.
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
