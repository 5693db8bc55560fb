/** Holds a response against the contract: what `rekindle conform` calls a difference fails the test. */
import assert from 'node:assert/strict'
import { differencesOf, operationAt } from '../../src/conform/differences.ts'

export type { Operation } from '../../src/conform/contract.ts'
export { contract, documented, headersOf, operations, pathOf, validator } from '../../src/conform/contract.ts'

/** @throws AssertionError */
export function checkResponse(
  method: string,
  url: string,
  response: Pick<Response, 'status' | 'headers'>,
  text: string,
): void {
  const name = operationAt(method, url.split('?')[0] ?? url)?.operation.operationId ?? `${method} ${url}`
  const differences = differencesOf(method, url, response, text)
  assert.deepEqual(differences, [], `${name} ${response.status}: ${differences.join(', ')} in ${text}`)
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
