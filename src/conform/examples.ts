/** The examples of the contract, one for each documented response: the list of responses to provoke. */
import { isDeepStrictEqual } from 'node:util'
import type { OperationId } from '../http/contract.ts'
import { documented, operations } from './contract.ts'
import type { Answer } from './request.ts'

export interface Example {
  readonly operationId: OperationId
  readonly status: number
  /** Undefined: without a body */
  readonly type: string | undefined
  readonly name: string
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
        operationId: operation.operationId as OperationId,
        status: Number(status),
        type,
        name,
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

type Body = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Body =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const hasData = (body: unknown): boolean => isObject(body) && isObject(body['data'])

// Success: which members it has. The schema has judged their values.
const membersOf = ({ data, ...body }: Body) => [
  Object.keys(body).sort(),
  isObject(data) ? Object.keys(data).sort() : [],
]

// An error: all but the path of what is wrong, and numbers that are settings of the server.
const errorOf = ({ message, errors }: Body) => [
  message,
  Array.isArray(errors)
    ? errors.map((one) => [one?.reason, String(one?.message).replaceAll(/\d+/g, 'N')])
    : undefined,
]

/** @returns the example of the contract of which an answer is an instance, if it is one */
export function exampleOf(operationId: string, { status, headers, body }: Answer): Example | undefined {
  const type = headers.get('Content-Type')?.split(';')[0]?.trim()
  const all = examples.filter(
    (example) => example.operationId === operationId && example.status === status && example.type === type,
  )
  const outline = status < 400 ? membersOf : errorOf
  if (type === 'application/json' && !isObject(body)) return undefined
  const [first, second] = all
  // Alone, it is decided by its status and schema.
  if (first !== undefined && second === undefined && status < 400)
    return hasData(first.value) === hasData(body) ? first : undefined
  return all.find(({ value }) => isDeepStrictEqual(outline(value as Body), outline(body as Body)))
}

/** The share of documented responses that were seen: a line per operation and one for all. */
export function table(all: readonly Example[], seen: ReadonlySet<Example>): string[] {
  const groups = [...Map.groupBy(all, ({ operationId }) => operationId as string), ['all', all] as const]
  return groups.map(([name, group]) => {
    const met = group.filter((example) => seen.has(example)).length
    const statuses = new Set(group.map(({ operationId, status }) => `${operationId} ${status}`)).size
    const share = `${((100 * met) / group.length).toFixed(0)} %`.padStart(5)
    return `${name.padEnd(20)}${share}  ${met} of ${group.length} examples, ${statuses} statuses`
  })
}
