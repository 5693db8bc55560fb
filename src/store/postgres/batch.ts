import type { Database } from '../schema.ts'

/** At most so many together, so that none takes long. */
const MOST = 100

/** How several are asked for at once, each of another session. */
export interface Sender<Member, Row> {
  readonly send: (db: Database, members: readonly Member[]) => Promise<readonly Row[]>
  /** Fewer are better asked for alone. */
  readonly least: 1 | 2
}

interface Batch<Member, Row> {
  /** The first of each session */
  readonly members: Map<string, Member>
  /** By session. Undefined when there was only one: nothing was sent. */
  readonly rows: Promise<ReadonlyMap<string, Row> | undefined>
}

/**
 * For PostgreSQL: what arrives in one turn of the event loop is done together, since each statement costs a message each
 * way, a transaction and a write to the disk. See `docs/adr/0017-shared-rotations.md`.
 *
 * @returns asks for one of them, and resolves to its row. Undefined when there was none for it, and when nothing was
 * sent: it has to be asked for alone. An error is that of all.
 */
export function gathered<Member extends { readonly sessionId: string }, Row extends { readonly id: string }>({
  send,
  least,
}: Sender<Member, Row>): (db: Database, member: Member) => Promise<Row | undefined> {
  const gathering = new WeakMap<Database, Batch<Member, Row>>()

  function open(db: Database): Batch<Member, Row> {
    const members = new Map<string, Member>()
    const { promise: rows, resolve } = Promise.withResolvers<ReadonlyMap<string, Row> | undefined>()
    const batch = { members, rows }
    gathering.set(db, batch)
    // After all that runs now, and before anything else arrives.
    process.nextTick(() => {
      if (gathering.get(db) === batch) gathering.delete(db)
      resolve(members.size < least ? undefined : bySession(send(db, [...members.values()])))
    })
    return batch
  }

  const bySession = async (rows: Promise<readonly Row[]>) => new Map((await rows).map((row) => [row.id, row]))

  return async (db, member) => {
    if (db.isTransaction) return undefined
    let batch = gathering.get(db)
    // Full is as good as closed: it is sent when its own turn ends.
    if (batch === undefined || batch.members.size === MOST) batch = open(db)
    const isFirst = !batch.members.has(member.sessionId)
    if (isFirst) batch.members.set(member.sessionId, member)
    const rows = await batch.rows
    return isFirst ? rows?.get(member.sessionId) : undefined
  }
}
