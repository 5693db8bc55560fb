import { operations } from '../contract.ts'
import type { Example } from '../examples.ts'
import type { Taking } from './by-example.ts'
import { common } from './by-example.ts'
import { own } from './by-operation.ts'
import { good } from './good.ts'
import type { Ways } from './provocation.ts'

const byId = new Map(operations.map(({ operation }) => [operation.operationId, operation as Taking]))

/** @returns the ways to a documented response by requests alone, or undefined if there is none */
export function waysTo({ operationId, key }: Pick<Example, 'operationId' | 'key'>): Ways | undefined {
  const operation = byId.get(operationId)
  return own[operationId]?.[key] ?? (operation && common[key]?.(good[operationId], operation))
}

/** `<operation> <key>` of what is an operation's own */
export const ownKeys: readonly string[] = Object.entries(own).flatMap(([operationId, ways]) =>
  Object.keys(ways).map((key) => `${operationId} ${key}`),
)
