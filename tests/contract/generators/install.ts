/** Installs the generators: they are 470 packages that only one test needs, so `npm ci` of the repository does not. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const cache = fileURLToPath(new URL('../../../node_modules/.cache/rekindle-generators', import.meta.url))

/** @returns a directory with `node_modules`, below the repository's own. It is kept until the lock file changes */
export function installGenerators(): string {
  const lock = readFileSync(join(here, 'package-lock.json'))
  const directory = join(cache, createHash('sha256').update(lock).digest('hex').slice(0, 16))
  if (existsSync(directory)) return directory
  mkdirSync(cache, { recursive: true })
  // Half an installation, or two at once, must not be taken for one: it gets its name when it is complete.
  const unfinished = mkdtempSync(join(cache, 'unfinished-'))
  for (const file of ['package.json', 'package-lock.json'])
    copyFileSync(join(here, file), join(unfinished, file))
  const npm = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline']
  const { status, stderr } = spawnSync('npm', npm, { cwd: unfinished, encoding: 'utf8', timeout: 300_000 })
  if (status !== 0) throw new Error(`npm ci of the generators: ${stderr}`)
  try {
    renameSync(unfinished, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
    rmSync(unfinished, { recursive: true, force: true })
  }
  return directory
}
