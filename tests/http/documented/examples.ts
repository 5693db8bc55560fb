/** The examples of the contract, one for each documented response: the list of responses to provoke. */
import { documented, operations } from '../../support/check-response.ts'

export interface Example {
  readonly operationId: string
  readonly status: number
  /** Undefined: without a body */
  readonly type: string | undefined
  /** `<status> <name>`, with the media type between them if it is not JSON */
  readonly key: string
  readonly value: unknown
  /** Whether this response may set a cookie */
  readonly setsCookie: boolean
}

interface Content {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

// A response without a body has one form.
const EMPTY: [undefined, Content][] = [[undefined, { examples: { empty: { value: '' } } }]]

const contentsOf = (content: Readonly<Record<string, Content>> | undefined) =>
  content === undefined ? EMPTY : Object.entries(content)

export const examples: readonly Example[] = operations.flatMap(({ operation }) =>
  Object.keys(operation.responses).flatMap((status) =>
    contentsOf(documented(operation, status)?.content).flatMap(([type, { examples = {} }]) =>
      Object.entries(examples).map(([name, { value }]) => ({
        operationId: operation.operationId,
        status: Number(status),
        type,
        key: [status, ...(type === undefined || type === 'application/json' ? [] : [type]), name].join(' '),
        value,
        setsCookie: 'Set-Cookie' in (documented(operation, status)?.headers ?? {}),
      })),
    ),
  ),
)

/** Statuses of the contract without an example. There must be none, because nothing would provoke them. */
export const withoutExample = operations.flatMap(({ operation }) =>
  Object.keys(operation.responses)
    .filter((status) =>
      examples.every(
        (example) => example.operationId !== operation.operationId || `${example.status}` !== status,
      ),
    )
    .map((status) => `${operation.operationId} ${status}`),
)

/** The share of documented responses that were seen: a line per operation and one for all. */
export function table(all: readonly Example[], seen: ReadonlySet<Example>): string[] {
  const groups = [...Map.groupBy(all, ({ operationId }) => operationId), ['all', all] as const]
  return groups.map(([name, group]) => {
    const met = group.filter((example) => seen.has(example)).length
    const statuses = new Set(group.map(({ operationId, status }) => `${operationId} ${status}`)).size
    const share = `${((100 * met) / group.length).toFixed(0)} %`.padStart(5)
    return `${name.padEnd(20)}${share}  ${met} of ${group.length} examples, ${statuses} statuses`
  })
}
