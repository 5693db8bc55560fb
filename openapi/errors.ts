/** Writes `generated/errors.ts`: the messages of errors, which are the examples of the contract, and their words. */
import type { Contract } from './routes.ts'

interface Example {
  /** The word in `Rekindle-Error` */
  readonly 'x-error'?: string
  readonly value: { readonly message: string }
}

type Responses = Contract['components']['responses']

/** The word of each message of an error. @throws TypeError for an example without a word */
function wordsOf({ components }: Contract, $ref: string | undefined): [message: string, word: string][] {
  const name = $ref?.split('/').at(-1) ?? ''
  const { content } = components.responses[name] as Responses[string] & {
    readonly content: {
      readonly 'application/json': { readonly examples: Readonly<Record<string, Example>> }
    }
  }
  return Object.entries(content['application/json'].examples).map(([example, { 'x-error': word, value }]) => {
    if (word === undefined)
      throw new TypeError(`the example ${example} of the response ${name} has no x-error`)
    return [value.message, word]
  })
}

const unionOf = (messages: readonly string[]) =>
  [...new Set(messages)].map((message) => JSON.stringify(message)).join(' | ')

/** @throws TypeError when one message has two words */
export function errorsSource(contract: Contract): string {
  const words = new Map<string, string>()
  const operations = Object.values(contract.paths)
    .flatMap((methods) => Object.values(methods))
    .map(({ operationId, responses }) => {
      const statuses = Object.entries(responses)
        .filter(([status]) => /^[45]/.test(status))
        .map(([status, { $ref }]) => {
          const errors = wordsOf(contract, $ref)
          for (const [message, word] of errors) {
            if ((words.get(message) ?? word) !== word)
              throw new TypeError(`${message} is ${word} and ${words.get(message)}`)
            words.set(message, word)
          }
          return `    ${status}: ${unionOf(errors.map(([message]) => message))}`
        })
      return `  ${operationId}: {\n${statuses.join('\n')}\n  }`
    })
  const rows = [...words].sort().map(([message, word]) => `  ${JSON.stringify(message)}: '${word}',`)
  return [
    '/** By message: the word in the header `Rekindle-Error` */',
    'export const errorWords = {',
    ...rows,
    '} as const',
    '',
    '/** The messages that an operation can answer with, by status */',
    'export interface Messages {',
    ...operations,
    '}',
    '',
  ].join('\n')
}
