/** A copy of this checkout as a git repository of its own, with one commit on main. */
import { execFileSync, spawn } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const LEFT_OUT = ['.git', 'node_modules', 'dist', 'data', 'secrets']

// Without the settings of the person who runs the tests
const ENV = {
  ...process.env,
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_CONFIG_NOSYSTEM: '1',
  ...{ GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.com' },
  ...{ GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.com' },
}

export interface Checkout {
  readonly directory: string
  git(...args: string[]): string
  /** Everything that a release changes: branch, commit, tags, state of the files, worktrees */
  state(): unknown
  /** Runs `.ci/release.ts`. @param killWhen kills it and all that it runs, when this is true */
  release(
    args: readonly string[],
    killWhen?: () => boolean,
  ): Promise<{ status: number | null; stdout: string; stderr: string }>
}

export function startCheckout(t: Pick<TestContext, 'after'>): Checkout {
  // What a killed release leaves is in the second one.
  const [directory, temporary] = ['checkout', 'tmp'].map((name) =>
    mkdtempSync(join(tmpdir(), `rekindle-${name}-`)),
  ) as [string, string]
  chmodSync(temporary, 0o755)
  t.after(() => {
    for (const place of [directory, temporary]) rmSync(place, { recursive: true, force: true })
  })
  for (const name of readdirSync(ROOT).filter((one) => !LEFT_OUT.includes(one)))
    cpSync(join(ROOT, name), join(directory, name), { recursive: true })
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(directory, 'node_modules'), 'junction')
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: directory, env: ENV, encoding: 'utf8' }).trim()
  // Right after a release it has no changes.
  const changelog = join(directory, 'CHANGELOG.md')
  const heading = '## [Unreleased]\n'
  writeFileSync(
    changelog,
    readFileSync(changelog, 'utf8').replace(heading, `${heading}\n### Added\n\n- Much.\n`),
  )
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '--all')
  git('commit', '--quiet', '--message', 'feat: everything')

  async function release(args: readonly string[], killWhen?: () => boolean) {
    const program = join(directory, '.ci/release.ts')
    const child = spawn(process.execPath, [program, ...args], {
      env: { ...ENV, TMPDIR: temporary },
      detached: true,
    })
    t.after(() => kill())
    const kill = () => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // It has ended.
      }
    }
    const poll = killWhen && setInterval(() => killWhen() && kill(), 20)
    const output = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        output[stream] += text
      })
    const { promise, resolve } = Promise.withResolvers<number | null>()
    child.on('close', resolve)
    const status = await promise
    clearInterval(poll)
    return { status, ...output }
  }

  const state = () => ({
    branch: git('branch', '--show-current'),
    head: git('rev-parse', 'HEAD'),
    tags: git('tag'),
    files: git('status', '--porcelain'),
    worktrees: git('worktree', 'list').split('\n').length,
  })
  return { directory, git, state, release }
}
