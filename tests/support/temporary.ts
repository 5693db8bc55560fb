import { mkdtempSync, statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Hundreds of databases are made and dropped: a third of all the time of the tests, where it is a disk that they are on.
// A container may have 64 MiB there.
function inMemory(): string | undefined {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize > 2 ** 31 ? '/dev/shm' : undefined
  } catch {
    return undefined
  }
}

/** @returns a new directory for databases: in memory where there is room, unless it has to be a disk */
export function temporaryDirectory(name: string, { onDisk = false } = {}): string {
  return mkdtempSync(join((onDisk ? undefined : inMemory()) ?? tmpdir(), `rekindle-${name}-`))
}
