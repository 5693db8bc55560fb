import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { root } from './mutation.ts'

/** Copies the checkout as it is, uncommitted changes included, so that faults are planted there. @returns its directory */
export function copyCheckout(): string {
  const from = fileURLToPath(root)
  const to = mkdtempSync(join(tmpdir(), 'rekindle-mutations-'))
  const list = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: from,
    encoding: 'utf8',
  })
  // What was deleted and not committed yet is listed as well.
  for (const file of list.split('\0').filter((name) => name !== '' && existsSync(join(from, name))))
    cpSync(join(from, file), join(to, file))
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'))
  return to
}
