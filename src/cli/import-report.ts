import { closeSync, openSync, writeSync } from 'node:fs'
import type { Refusal } from '../users/import/import.ts'
import { Failure } from './failure.ts'
import { printable } from './output.ts'

// Refusals that are shown. `--refused` writes all of them.
const SHOWN = 20

/** Shows the first refusals, and writes all of them to a file if one is named. */
export function createReport(file: string | undefined) {
  const output = file === undefined ? undefined : openReport(file)
  let shown = 0
  return {
    place: file === undefined ? ': --refused writes all of them to a file' : `: see ${file}`,
    add(refusal: Refusal): void {
      if (output !== undefined) writeSync(output, `${JSON.stringify(refusal)}\n`)
      if (shown++ < SHOWN) console.error(printable(`line ${refusal.line}: ${refusal.message}`))
    },
    close(): void {
      if (output !== undefined) closeSync(output)
    },
  }
}

function openReport(file: string): number {
  try {
    // It names users, so it is for its owner.
    return openSync(file, 'wx', 0o600)
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new Failure(
      reason === 'EEXIST' ? `${file} is there already` : `${file} cannot be written: ${reason}`,
      {
        cause: error,
      },
    )
  }
}
