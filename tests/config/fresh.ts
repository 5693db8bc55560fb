import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'

export const windows = process.platform === 'win32'
export const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8)
export const textOf = (bytes: Uint8Array) => new TextDecoder().decode(bytes)

const root = mkdtempSync(join(tmpdir(), 'rekindle-config-'))
after(() => rmSync(root, { recursive: true }))

/** A database in a directory that does not exist yet, and the file that its secret would be kept in. */
export function fresh(): { directory: string; file: string; env: { DATABASE_URL: string } } {
  const directory = join(mkdtempSync(join(root, 'case-')), 'made', 'here')
  const database = join(directory, 'rekindle.db')
  return { directory, file: `${database}.secret`, env: { DATABASE_URL: `sqlite:${database}` } }
}
