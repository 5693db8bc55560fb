/** A command of fast-check's: the model foretells, the service answers, and both agree, on disk as well. */
import type { AsyncCommand } from 'fast-check'
import type { Model } from '../model.ts'
import { checkAnswer } from './answers.ts'
import { checkRows } from './invariants.ts'
import type { AccessToken, Answer, RefreshToken } from './words.ts'
import type { History } from './world.ts'

export type Command = AsyncCommand<Model, History>

interface Call {
  readonly path: string
  readonly method?: string
  readonly bearer?: string | undefined
  readonly json?: unknown
}

export const post = (path: string, bearer: string): Call => ({ path, method: 'POST', bearer })
export const json = (path: string, body: unknown, bearer?: string): Call => ({ path, json: body, bearer })

export interface Moment {
  readonly model: Model
  readonly history: History
  /** Tells the journal which token it is. */
  present(kind: string, token: AccessToken | RefreshToken): void
  /** @param expected what the model foretold @throws AssertionError when the service answers otherwise */
  ask(expected: Answer, call: Call): Promise<void>
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
    await run({
      model,
      history,
      present(kind, { session, ...token }) {
        const which = 'generation' in token ? `generation ${token.generation}` : `exp ${token.exp}`
        history.journal.push(`  ${kind} token of session ${model.sessions.indexOf(session)}, ${which}`)
      },
      async ask(expected, { path, ...call }) {
        const { reached, under } = history.world
        history.journal.push(`  expected: ${expected.why}`)
        const reply = await under(model.rules)(path, call)
        history.journal.push(`  → ${reply.status} ${reply.status === 200 ? '' : reply.body.message}`)
        const line = `${path.replace(/[0-9a-f-]{36}/, '{id}')} ${expected.why}`
        reached.set(line, (reached.get(line) ?? 0) + 1)
        checkAnswer(model, history, reply, expected)
      },
    })
    await checkRows(model, history)
  },
})
