/** Installs packages that only one test needs, so that `npm ci` of the repository does not. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * @param from a directory with `package.json` and `package-lock.json` @param name of these packages, for the cache
 * @returns a directory with `node_modules`, below the repository's own. It is kept until the lock file changes
 */
export function installPackages(from: URL, name: string): string {
  const here = fileURLToPath(from)
  const cache = fileURLToPath(new URL(`../../node_modules/.cache/rekindle-${name}`, import.meta.url))
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
  if (status !== 0) throw new Error(`npm ci of the ${name}: ${stderr}`)
  try {
    renameSync(unfinished, directory)
  } catch (error) {
    if (!existsSync(directory)) throw error
    rmSync(unfinished, { recursive: true, force: true })
  }
  return directory
}
