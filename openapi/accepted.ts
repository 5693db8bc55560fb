/** Reads `accepted-changes.txt`: the breaking changes since the last release that were decided, each below its reason. */

/**
 * @param text blocks with an empty line between them: lines with `# ` for the reason, then one line for each change
 * @returns the changes, as `openapi/compare.ts` prints them
 * @throws TypeError when a block has no reason or no change, or a change is listed twice
 */
export function readAccepted(text: string): string[] {
  const changes = text
    .split(/\n{2,}/)
    .map((block) => block.split('\n').filter((line) => line.trim() !== ''))
    .filter((lines) => lines.length > 0)
    .flatMap((lines, index) => {
      const end = lines.findIndex((line) => !line.startsWith('#'))
      // The first block says what this file is.
      if (index === 0 && end === -1) return []
      if (end === -1) throw new TypeError(`a reason without a change: ${lines[0]}`)
      if (end === 0) throw new TypeError(`a change without a reason: ${lines[0]}`)
      return lines.slice(end)
    })
  const twice = changes.find((change, index) => changes.indexOf(change) !== index)
  if (twice !== undefined) throw new TypeError(`listed twice: ${twice}`)
  return changes
}

/** What is breaking and not accepted, and what is accepted and no longer true */
export function compareAccepted(
  broken: readonly string[],
  accepted: readonly string[],
): { readonly unknown: string[]; readonly gone: string[] } {
  return {
    unknown: broken.filter((change) => !accepted.includes(change)),
    gone: accepted.filter((change) => !broken.includes(change)),
  }
}
