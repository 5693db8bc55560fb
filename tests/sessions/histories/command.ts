/** Commands of fast-check: the model predicts, the service answers, and both agree, also on disk. */
import assert from 'node:assert/strict'
import type { AsyncCommand } from 'fast-check'
import type { Answer as Reply } from '../../support/service.ts'
import type { Model } from '../model.ts'
import { checkAnswer } from './answers.ts'
import type { Doing, Flight } from './flight.ts'
import { checkGenerations, checkRows } from './invariants.ts'
import type { Foretold } from './orders.ts'
import { copyOf, finish, someOrder } from './orders.ts'
import type { History } from './world.ts'

export type Command = AsyncCommand<Model, History>

export interface Moment {
  readonly model: Model
  readonly history: History
}

export const command = (
  label: string,
  check: (model: Readonly<Model>) => boolean,
  run: (moment: Moment) => Promise<void> | void,
): Command => ({
  check,
  toString: () => label,
  async run(model, history) {
    history.journal.push(label)
    await run({ model, history })
    const rows = await history.world.rows(model)
    checkRows(model, rows)
    checkGenerations(history, rows)
  },
})

const told = (reply: Reply | undefined) =>
  reply === undefined ? 'done' : `${reply.status} ${reply.status === 200 ? '' : reply.body.message}`

function reach({ world: { reached } }: History, flights: readonly Flight[], foretold: Foretold): void {
  for (const [index, flight] of flights.entries()) {
    const answer = foretold[index]
    const line = answer === undefined ? '' : flight.line(answer)
    reached.set(line, (reached.get(line) ?? 0) + 1)
  }
}

// A list may contain a session whose id is known only from the response to its login.
const listsLast = (foretold: Foretold): number[] =>
  [...foretold.keys()].sort((a, b) => Number(!!foretold[a]?.sessions) - Number(!!foretold[b]?.sessions))

/** Sends it, and expects exactly the prediction of the model. */
export async function fly({ model, history }: Moment, flight: Flight): Promise<void> {
  const { journal, texts } = history
  journal.push(`  ${flight.what}`)
  const expected = finish(flight.foretell(model))
  journal.push(`  foretold: ${expected?.why ?? ''}`)
  const reply = await flight.send()
  journal.push(`  → ${told(reply)}`)
  checkAnswer(model, texts, reply, expected)
  reach(history, [flight], [expected])
}

export const alone = ({ label, isPossible, begin }: Doing): Command =>
  command(label, isPossible, (moment) => fly(moment, begin(moment.model, moment.history)))

/** All are in flight at once: some order of their steps must predict the responses and the rows. */
export const together = (doings: readonly Doing[]): Command =>
  command(
    `at once: ${doings.map(({ label }) => label).join(' | ')}`,
    (model) => doings.every(({ isPossible }) => isPossible(model)),
    async ({ model, history }) => {
      const { journal, world } = history
      world.together++
      const flights = doings.map(({ begin }) => begin(model, history))
      for (const { what } of flights) journal.push(`  ${what}`)
      const replies = await Promise.all(flights.map(({ send }) => send()))
      journal.push(`  → ${replies.map(told).join(' | ')}`)
      const rows = await world.rows(model)

      const objections = new Set<string>()
      const explanation = someOrder(
        flights,
        () => copyOf(model, history.texts),
        (copy, foretold) => {
          try {
            for (const index of listsLast(foretold)) {
              checkAnswer(copy.model, copy.texts, replies[index], foretold[index])
            }
            checkRows(copy.model, rows)
          } catch (error) {
            objections.add(`${foretold.map((answer) => answer?.why)}: ${error}`)
            return false
          }
          return true
        },
      )
      assert.ok(explanation !== undefined, `no order explains it.\n${[...objections].join('\n')}`)
      const { copy, foretold } = explanation
      history.texts = copy.texts
      Object.assign(model, copy.model)
      reach(history, flights, foretold)
    },
  )
