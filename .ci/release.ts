/**
 * Makes a release on the branch main: all steps of .github/CONTRIBUTING.md, as one commit with a tag. It pushes nothing.
 *
 *     npm run release -- patch|minor|major [--dry-run] [--skip-checks]
 *
 * `--dry-run` shows the commit and throws it away. `--skip-checks` leaves out `npm test`, `npm run check` and `npm run
 * test:build`, which take long: for a release whose checks have run elsewhere.
 *
 * The commit is made in a worktree of its own, so that the checkout stays as it is until the release is complete.
 */
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
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
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readAccepted } from '../openapi/accepted.ts'
import type { Kind } from './release-files.ts'
import {
  breakingKind,
  KINDS,
  raise,
  unreleased,
  VERSIONED,
  withoutAccepted,
  withPackage,
  withRelease,
  withVersion,
} from './release-files.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const CHECKS = ['test', 'check', 'test:build']
const ACCEPTED = 'openapi/accepted-changes.txt'

/** A reason not to release. Nothing has been changed. */
class Refusal extends Error {}

const git = (...args: string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

interface Plan {
  readonly from: string
  readonly to: string
  readonly head: string
  readonly isDry: boolean
  readonly hasChecks: boolean
}

function plan(args: readonly string[]): Plan {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'dry-run': { type: 'boolean' }, 'skip-checks': { type: 'boolean' } },
  })
  const [kind, ...others] = positionals as Kind[]
  if (kind === undefined || others.length > 0 || !KINDS.includes(kind))
    throw new Refusal('Usage: npm run release -- patch|minor|major [--dry-run] [--skip-checks]')
  const { version: from } = JSON.parse(read('package.json'))
  const to = raise(from, kind)
  refuseExisting(`v${to}`)
  refuseUnready()
  refuseContent(from, kind)
  return {
    ...{ from, to, head: git('rev-parse', 'HEAD') },
    ...{ isDry: values['dry-run'] === true, hasChecks: values['skip-checks'] !== true },
  }
}

/** What must be so before and after the checks, which may take an hour */
function refuseUnready(head?: string): void {
  const branch = git('branch', '--show-current')
  if (branch !== 'main') throw new Refusal(`The branch is ${branch || 'detached'}, not main`)
  const dirty = git('status', '--porcelain')
  if (dirty !== '') throw new Refusal(`The checkout is not clean:\n${dirty}`)
  if (head !== undefined && git('rev-parse', 'HEAD') !== head) throw new Refusal('main has moved meanwhile')
}

function refuseExisting(tag: string): void {
  if (git('for-each-ref', '--format=x', `refs/tags/${tag}`) === '') return
  const isNext = git('log', '-1', '--format=%P', tag) === git('rev-parse', 'HEAD')
  const hint = `A release was interrupted at its end: \`git reset --hard ${tag}\` completes it, and takes uncommitted changes back`
  throw new Refusal(`The tag ${tag} exists. ${isNext ? hint : ''}`.trim())
}

function refuseContent(from: string, kind: Kind): void {
  if (git('tag', '--list', 'v*', '--points-at', 'HEAD') !== '')
    throw new Refusal('This commit is a release already')
  if (unreleased(read('CHANGELOG.md')) === '')
    throw new Refusal('CHANGELOG.md has nothing under [Unreleased]')
  const accepted = readAccepted(read(ACCEPTED)).length
  const needed = breakingKind(from)
  if (accepted > 0 && KINDS.indexOf(kind) < KINDS.indexOf(needed))
    throw new Refusal(
      `The contract has ${accepted} breaking changes (${ACCEPTED}): it needs a ${needed} version`,
    )
}

/** Runs in a directory and shows what it prints. */
function run(cwd: string, command: string, ...args: string[]): void {
  console.log(`> ${[command, ...args].join(' ')}`)
  execFileSync(command, args, { cwd, stdio: ['ignore', 'inherit', 'inherit'] })
}

function change(directory: string, path: string, edit: (text: string) => string): void {
  const file = join(directory, path)
  writeFileSync(file, edit(readFileSync(file, 'utf8')))
}

/** The release in a directory that nobody else uses. @returns the commit */
function commit(directory: string, { from, to }: Plan): string {
  symlinkSync(realpathSync(join(ROOT, 'node_modules')), join(directory, 'node_modules'), 'junction')
  for (const path of VERSIONED) change(directory, path, (text) => withVersion(path, text, from, to))
  const pages = readdirSync(join(directory, 'docs')).filter((name) => name.endsWith('.md'))
  for (const path of ['README.md', ...pages.map((name) => `docs/${name}`)])
    change(directory, path, (text) => withPackage(text, from, to))
  const today = new Date().toISOString().slice(0, 10)
  change(directory, 'CHANGELOG.md', (text) => withRelease(text, to, today))
  change(directory, ACCEPTED, withoutAccepted)
  run(directory, 'node', 'openapi/generate.ts')
  copyFileSync(join(directory, 'generated/openapi.json'), join(directory, `openapi/released/${to}.json`))
  run(directory, 'node', 'tests/store/schemas/make.ts')
  for (const check of [['openapi/generate.ts', '--check'], ['openapi/check.ts'], ['openapi/compare.ts']])
    run(directory, 'node', ...check)
  run(directory, 'git', 'add', '--all')
  run(directory, 'git', 'commit', '--quiet', '--message', `chore(release): ${to}`)
  return execFileSync('git', ['rev-parse', 'HEAD'], { cwd: directory, encoding: 'utf8' }).trim()
}

/** The tag comes first: without it, a commit on main would look like a release that nobody can find. */
function publish(made: string, { to, head }: Plan): void {
  refuseUnready(head)
  const tag = `v${to}`
  git('tag', '--annotate', '--message', `Rekindle ${to}`, tag, made)
  try {
    git('merge', '--quiet', '--ff-only', made)
  } catch (error) {
    // Git writes the files before it moves the branch. They were clean a moment ago.
    git('read-tree', '--reset', '-u', head)
    git('tag', '--delete', tag)
    throw error
  }
}

/** The build before the first `npm publish` makes the second package, with the same version. */
const publishing = (version: string): readonly string[] => [
  `git push --atomic origin main v${version}`,
  'npm publish',
  'npm publish ./dist/rekindle-client',
]

function release(): void {
  const planned = plan(process.argv.slice(2))
  const { from, to, head, isDry, hasChecks } = planned
  if (hasChecks) for (const check of CHECKS) run(ROOT, 'npm', 'run', check)
  refuseUnready(head)
  const place = mkdtempSync(join(tmpdir(), 'rekindle-release-'))
  // For root, another user runs the PostgreSQL that describes the schema.
  chmodSync(place, 0o755)
  const directory = join(place, 'checkout')
  try {
    git('worktree', 'add', '--quiet', '--detach', directory, head)
    const made = commit(directory, planned)
    run(ROOT, 'git', '--no-pager', 'show', '--stat', '--format=%s', made)
    if (isDry) console.log(`Nothing was changed. This would be ${to}, after ${from}.`)
    else {
      publish(made, planned)
      console.log(`This is ${to}, after ${from}. To publish it:\n`)
      for (const command of publishing(to)) console.log(`    ${command}`)
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
    git('worktree', 'prune')
  }
}

// Ctrl+C ends the command that runs, and then everything is cleaned up here.
process.on('SIGINT', () => {})
try {
  release()
} catch (error) {
  const { message } = error as Error
  console.error(error instanceof Refusal ? message : `Not released, and nothing was changed: ${message}`)
  process.exitCode = 1
}
