// Each retry needs another writer to change the row in between, so that five in a row do not happen by chance.
const MAX_TRIES = 5

/**
 * Repeats work that another writer has overtaken.
 *
 * @param attempt resolves to undefined when it was overtaken
 * @returns the result; undefined when every attempt was overtaken
 */
export async function retryOvertaken<T>(attempt: () => Promise<T | undefined>): Promise<T | undefined> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const result = await attempt()
    if (result !== undefined) return result
  }
  return undefined
}
