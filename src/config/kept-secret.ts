import { randomBytes, randomUUID } from 'node:crypto'
import {
  accessSync,
  constants,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Only a new file, only for its owner, and on disk before anyone depends on it. */
const privately = { flag: 'wx', mode: 0o600, flush: true }

/** `mistake` and `warnings` are the ends of sentences, and hold no secret. */
export type Kept =
  | { readonly secret: string; readonly warnings: readonly string[]; readonly mistake?: undefined }
  | { readonly mistake: string; readonly secret?: undefined; readonly warnings?: undefined }

/**
 * Reads the secret of a development service from a file that only its owner can read; makes it first if there
 * is none. Processes that start at once all get the same one.
 *
 * @param link how a finished file gets its name, if nobody else was faster; for tests
 */
export function keptSecret(file: string, link: typeof linkSync = linkSync): Kept {
  try {
    if (!existsSync(file)) make(file, link)
    const secret = readWhole(file).replace(/\r?\n$/, '')
    // Making a new one instead would end all sessions, and hide that something else writes to the file.
    if (!/^[!-~]{32,}$/.test(secret)) {
      const mistake = `${file} holds no secret of at least 32 visible ASCII characters: restore or delete it`
      return { mistake }
    }
    const warnings = isReadableByOthers(file) ? [`${file} can be read by other users: chmod 600 it`] : []
    return { secret, warnings }
  } catch (error) {
    return { mistake: unkeepable(file, error) }
  }
}

/** Why none could be made there, as far as can be told without leaving anything behind. */
export function placeMistake(file: string): string | undefined {
  let directory = dirname(file)
  while (!existsSync(directory) && directory !== dirname(directory)) directory = dirname(directory)
  try {
    // With the dot a file on the way is told as well.
    accessSync(`${directory}/.`, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return unkeepable(file, error)
  }
}

const unkeepable = (file: string, error: unknown) =>
  `no secret can be kept in ${file} (${codeOf(error)}): set it or mend the permissions`

/** Writes the secret under another name, then gives it its name, which succeeds for one process only. */
function make(file: string, link: typeof linkSync): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const text = `${randomBytes(32).toString('base64url')}\n`
  const draft = `${file}.${randomUUID()}`
  try {
    writeFileSync(draft, text, privately)
    try {
      link(draft, file)
    } catch (error) {
      // A file system without hard links: FAT, some network and container mounts.
      if (codeOf(error) !== 'EEXIST') writeUnlessPresent(file, text)
    }
  } finally {
    rmSync(draft, { force: true })
  }
}

function writeUnlessPresent(file: string, text: string): void {
  try {
    writeFileSync(file, text, privately)
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
}

/** Where there are no hard links, the file is empty for an instant: its maker is about to write. */
function readWhole(file: string): string {
  for (let waits = 0; ; waits++) {
    const text = readFileSync(file, 'utf8')
    if (text !== '' || waits === 15) return text
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

function isReadableByOthers(file: string): boolean {
  // Windows has other means than these bits, and always sets them.
  return process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
