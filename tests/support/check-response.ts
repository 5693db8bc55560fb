/** Holds a response against the contract: what `rekindle conform` calls a difference fails the test. */
import assert from 'node:assert/strict'
import { differencesOf, operationAt } from '../../src/conform/differences.ts'

export type { Operation } from '../../src/conform/contract.ts'
export { contract, documented, headersOf, operations, validator } from '../../src/conform/contract.ts'

/** A response that was as documented */
export interface Observed {
  readonly operationId: string
  readonly status: number
  readonly headers: Headers
  /** If it is JSON */
  readonly body?: unknown
}

/** Called with every response of an operation that was as documented */
export const observers = new Set<(observed: Observed) => void>()

/** @throws AssertionError */
export function checkResponse(
  method: string,
  url: string,
  response: Pick<Response, 'status' | 'headers'>,
  text: string,
): void {
  const operationId = operationAt(method, url.split('?')[0] ?? url)?.operation.operationId
  const differences = differencesOf(method, url, response, text)
  const name = `${operationId ?? `${method} ${url}`} ${response.status}`
  assert.deepEqual(differences, [], `${name}: ${differences.join(', ')} in ${text}`)
  if (observers.size === 0 || operationId === undefined || method === 'HEAD') return
  const { status, headers } = response
  const isJson = headers.get('Content-Type')?.split(';')[0] === 'application/json'
  const observed = { operationId, status, headers, ...(isJson && { body: JSON.parse(text) }) }
  for (const observer of observers) observer(observed)
}

/**
 * A `fetch` whose answers are checked as everywhere, for those who talk to a service themselves. Many of them take an
 * error for a lost answer, so that a violation fails the process as well.
 */
export function checking(send: typeof fetch): typeof fetch {
  return async (input, init) => {
    const { method = init?.method ?? 'GET', url = String(input) } = input as Partial<Request>
    const response = await send(input, init)
    const text = await response.clone().text()
    try {
      checkResponse(method, new URL(url).pathname, response, text)
    } catch (error) {
      console.error(error)
      process.exitCode = 1
      throw error
    }
    return response
  }
}

// Whatever `fetch` is by then: see through-prism.ts.
export const checkedFetch: typeof fetch = (input, init) => checking(fetch)(input, init)
