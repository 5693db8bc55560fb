import { statSync } from 'node:fs'
import { extname } from 'node:path'
import type { Command } from 'commander'
import { zCreateUserRequest, zUserId } from '../../generated/schemas.ts'
import { invalidMembers } from '../http/pipeline/invalid-members.ts'
import { findPlacements, importUsers as placeUsers } from '../store/queries/import-users.ts'
import { isPostgres } from '../store/schema.ts'
import { createDryRun } from '../users/import/dry-run.ts'
import type { Counts, ImportOptions, ImportRecord, Refusal } from '../users/import/import.ts'
import { importUsers } from '../users/import/import.ts'
import { readCsv } from '../users/import/read-csv.ts'
import { readNdjson } from '../users/import/read-lines.ts'
import { createPasswords } from '../users/passwords.ts'
import { Failure, WRONG_USAGE } from './failure.ts'
import { createReport } from './import-report.ts'
import { count } from './output.ts'
import { withProgress } from './progress.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

interface Options {
  readonly dryRun?: true
  readonly refused?: string
}

// The members of `POST /admin/users`. A file has no passwords, and each line needs an id.
const record = zCreateUserRequest.omit({ password: true }).extend({ id: zUserId })
const MEMBERS = Object.keys(record.shape)

const READERS: Readonly<Record<string, (file: string) => ImportOptions['lines']>> = {
  '.csv': (file) => readCsv(file, MEMBERS),
  '.ndjson': readNdjson,
  '.jsonl': readNdjson,
}

// On SQLite, refreshes wait while a batch is written.
const PAUSE_FACTOR = 0.25

/** `rekindle users import` */
export function addImportCommand(users: Command, env: NodeJS.ProcessEnv): void {
  users
    .command('import')
    .description('add users of another system, with their ids and password hashes; it can be run again')
    .argument(
      '<file>',
      'one JSON object on each line (.ndjson, .jsonl), or .csv with the names in its first line',
    )
    .option('--dry-run', 'change nothing, and say what would be done')
    .option('--refused <file>', 'write each refused line with its reason to a new file, as NDJSON')
    .action((file: string, options: Options) => {
      const lines = READERS[extname(file).toLowerCase()]
      if (lines === undefined)
        throw new Failure('the name of the file has to end with .ndjson, .jsonl or .csv', {
          exitCode: WRONG_USAGE,
        })
      if (statSync(file, { throwIfNoEntry: false })?.isFile() !== true)
        throw new Failure(`no such file: ${file}`)
      const access = options.dryRun ? 'read' : 'write'
      return withDatabase(env, access, (context) => importFile(context, file, () => lines(file), options))
    })
}

async function importFile(
  context: CommandContext,
  file: string,
  lines: () => ImportOptions['lines'],
  { dryRun, refused }: Options,
): Promise<void> {
  const report = createReport(refused)
  const size = statSync(file).size
  try {
    const counts = await withProgress(async (progress) => {
      const run = (step: string, place: ImportOptions['place'], onRefusal: (refusal: Refusal) => void) =>
        importUsers({
          lines: lines(),
          check,
          place,
          noPassword: createPasswords(context.settings.password).dummyHash,
          now: context.now,
          onRefusal,
          onBatch: (counts, end) => progress.show(`${bar(end / size)}  ${total(counts)} ${step}`),
          pauseFactor: dryRun || isPostgres(context.db) ? 0 : PAUSE_FACTOR,
        })
      if (dryRun) {
        const { place, close } = createDryRun(context.db)
        return run('checked', place, report.add).finally(close)
      }
      const counts = await run('imported', (users) => placeUsers(context.db, users), report.add)
      await verify(run, context, counts)
      return counts
    })
    context.say(`${dryRun ? 'Nothing was changed. ' : ''}${summaryOf(counts, dryRun === true)}`)
    if (counts.refused > 0) throw new Failure(`${count(counts.refused, 'line')} refused${report.place}`)
  } finally {
    report.close()
  }
}

type Run = (
  step: string,
  place: ImportOptions['place'],
  onRefusal: (refusal: Refusal) => void,
) => Promise<Readonly<Counts>>

/** Reads the file once more, and compares each line with what is in the database. */
async function verify(run: Run, { db }: CommandContext, before: Readonly<Counts>): Promise<void> {
  const after = await run(
    'compared',
    (users) => findPlacements(db, users),
    () => {},
  )
  if (after.added > 0 || after.refused !== before.refused)
    throw new Failure(
      'the users in the database are not those of the file: was either changed meanwhile? Run it again',
    )
}

const total = ({ added, unchanged, kept, refused }: Readonly<Counts>) => added + unchanged + kept + refused

const summaryOf = ({ added, unchanged, kept, refused }: Readonly<Counts>, isDry: boolean) =>
  [
    `${count(added, 'user')} ${isDry ? 'would be added' : 'added and compared'}`,
    `${unchanged} there already`,
    `${kept} there and changed since, which stay as they are`,
    `${refused} refused.`,
  ].join(', ')

/** `[#####---------------]  25 %` */
function bar(share: number): string {
  const part = Math.min(1, share)
  const full = Math.round(part * 20)
  return `[${'#'.repeat(full)}${'-'.repeat(20 - full)}] ${String(Math.floor(part * 100)).padStart(3)} %`
}

/** @returns a message for a value that does not fit the contract */
function check(value: unknown): ImportRecord | string {
  const { data, error } = record.safeParse(value)
  if (error === undefined) return data
  const faults = invalidMembers(value, error.issues).map(
    ({ path, message }) => `${path || 'line'}: ${message}`,
  )
  return [...new Set(faults)].slice(0, 3).join('; ')
}
