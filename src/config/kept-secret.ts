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

/** `wx` fails if the file exists. `flush` puts the secret on disk before any token depends on it. */
const privately = { flag: 'wx', mode: 0o600, flush: true }

/** `mistake` and `warnings` are ends of sentences. They never contain a secret. */
export type Kept =
  | { readonly secret: string; readonly warnings: readonly string[]; readonly mistake?: undefined }
  | { readonly mistake: string; readonly secret?: undefined; readonly warnings?: undefined }

/**
 * Reads the secret of a development service from a file that only its owner can read. Creates the file if it is
 * missing. Processes that start at the same time all get the same secret.
 *
 * @param link replaced by tests
 */
export function keptSecret(file: string, link: typeof linkSync = linkSync): Kept {
  try {
    if (!existsSync(file)) make(file, link)
    const secret = readWhole(file).replace(/\r?\n$/, '')
    // A new secret would end all sessions and hide that something else writes to the file.
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

/** Says why the file could not be created, as far as can be known without writing anything. */
export function placeMistake(file: string): string | undefined {
  let directory = dirname(file)
  while (!existsSync(directory) && directory !== dirname(directory)) directory = dirname(directory)
  try {
    // The trailing dot makes this fail if the path is a file instead of a directory.
    accessSync(`${directory}/.`, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return unkeepable(file, error)
  }
}

const unkeepable = (file: string, error: unknown) =>
  `no secret can be kept in ${file} (${codeOf(error)}): set it or fix the permissions`

/** Writes the secret under a temporary name, then links it to the final name: only one process can succeed. */
function make(file: string, link: typeof linkSync): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const text = `${randomBytes(32).toString('base64url')}\n`
  const draft = `${file}.${randomUUID()}`
  try {
    writeFileSync(draft, text, privately)
    try {
      link(draft, file)
    } catch (error) {
      // Some file systems have no hard links: FAT, some network and container mounts.
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

/** Without hard links, another process may have created the file but not written it yet: waits up to 300 ms. */
function readWhole(file: string): string {
  for (let waits = 0; ; waits++) {
    const text = readFileSync(file, 'utf8')
    if (text !== '' || waits === 15) return text
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  }
}

function isReadableByOthers(file: string): boolean {
  // Windows always sets these bits, because it controls access in another way.
  return process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
