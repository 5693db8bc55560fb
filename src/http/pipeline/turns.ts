import { lanesOf } from '../../limits/networks.ts'
import type { Handler, Input, OperationWith, Reply, Respond } from '../contract.ts'
import type { Core } from '../core.ts'

const MESSAGE = 'Too many logins at once.'

/** The operations that document this 503 */
type QueuedOperation = OperationWith<503, typeof MESSAGE>

/**
 * Lets an operation that hashes a password wait for its turn. Networks take turns, so that a flood from one network
 * leaves the others theirs. The operation is counted by limits in its turn and not before, so the 503 writes nothing.
 *
 * @param hashes whether the request will hash a password. Others need no turn.
 */
export const inTurn =
  <Id extends QueuedOperation>(
    core: Core,
    handler: Handler<Id>,
    hashes: (operation: Input<Id>) => boolean = () => true,
  ): Handler<Id> =>
  async (c, operation) => {
    const work = async () => handler(c, operation)
    if (!hashes(operation)) return work()
    // TypeScript cannot resolve the statuses of a type parameter. Here they are checked for all operations of its constraint.
    const { failure } = operation as unknown as Respond<QueuedOperation>
    const reply = await core.turns.run(lanesOf(c.get('address')), work)
    return reply ?? (failure(503, MESSAGE) as Reply<Id>)
  }
