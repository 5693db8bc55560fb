import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { given } from '../config/environment.ts'
import { SettingsError } from '../config/settings.ts'
import type { Report } from '../conform/run.ts'
import { Failure, messageOf, tell, WRONG_USAGE } from './failure.ts'
import { printTable } from './list.ts'
import { baseUrl, wholeSeconds, wrongUsage } from './option-values.ts'
import { count, printJson } from './output.ts'
import { stopSignal } from './stop-signal.ts'

interface Options {
  readonly url: string
  readonly username?: string
  readonly passwordFile?: string
  readonly rotation: boolean
  readonly stateless?: true
  readonly maxWait: number
  readonly requireAll?: true
  readonly json?: true
  readonly junit?: string
}

const CODES = `
With ADMIN_TOKEN (or ADMIN_TOKEN_FILE) administration is checked as well, with users that the run makes and deletes.
Exit codes: 0 no difference, 1 differences from the contract, 2 wrong usage, or no answer.`

/** `rekindle conform`: without the database, and without any setting but `ADMIN_TOKEN`. */
export function addConformCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('conform')
    .description('check that a server answers as the contract of this version documents')
    .requiredOption('--url <url>', 'of the server, with the path below which it is', baseUrl)
    .option('--username <name>', 'of an account for the run, where registration is closed')
    .option('--password-file <file>', 'with its password')
    .option('--no-rotation', 'a refresh does not replace the refresh token there')
    .option('--stateless', 'the server is a mock that answers Prefer; Prism is recognised')
    .option(
      '--max-wait <seconds>',
      'to wait in all if the server says Retry-After',
      wholeSeconds('--max-wait'),
      60,
    )
    .option('--require-all', 'fail also if a documented response was not reached')
    .option('--json', 'print JSON')
    .option('--junit <file>', 'write the results as JUnit XML')
    .addHelpText('after', CODES)
    .action((options: Options) => run(options, env))
}

async function run(options: Options, env: NodeJS.ProcessEnv): Promise<void> {
  const { values, mistakes } = given(env, ['ADMIN_TOKEN'])
  if (mistakes.length > 0) throw new SettingsError(mistakes)
  // Not at the end of the run, when its results would be lost.
  if (options.junit !== undefined) write(options.junit, '')
  const report = await reportOf(options, values['ADMIN_TOKEN'])
  if (options.junit !== undefined) {
    const { junit } = await import('../conform/junit.ts')
    write(options.junit, junit(report))
  }
  print(report, options)
  const { differences, responses } = report
  if (differences.length > 0)
    throw new Failure(`${count(differences.length, 'difference')} from the contract`)
  const missed = responses.filter(({ outcome }) => outcome === 'not reached').length
  if (options.requireAll && missed > 0) throw new Failure(`${count(missed, 'response')} not reached`)
}

async function reportOf(options: Options, adminToken: string | undefined): Promise<Report> {
  // Loaded only here, because the other commands need neither the contract nor Ajv.
  const { conform, NoAnswer, Unusable } = await import('../conform/run.ts')
  const { url, rotation, stateless, maxWait } = options
  const stop = stopSignal()
  try {
    return await conform({
      url: url.replace(/\/$/, ''),
      adminToken,
      account: accountOf(options),
      rotation,
      maxWait,
      stop,
      stateless,
    })
  } catch (error) {
    if (stop.aborted) throw new Failure(`stopped by ${stop.reason}`, { cause: error })
    if (error instanceof Unusable || error instanceof NoAnswer)
      throw new Failure(`${url}: ${error.message}`, { cause: error, exitCode: WRONG_USAGE })
    throw error
  }
}

function accountOf({ username, passwordFile }: Options) {
  if (username === undefined && passwordFile === undefined) return undefined
  if (username === undefined || passwordFile === undefined)
    throw wrongUsage('--username and --password-file belong together')
  try {
    return { username, password: readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '') }
  } catch (error) {
    throw wrongUsage(`--password-file cannot be read: ${messageOf(error)}`)
  }
}

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw wrongUsage(`--junit cannot be written: ${messageOf(error)}`)
  }
}

function print(report: Report, { json }: Options): void {
  const { responses, rules, differences, remarks, stateless } = report
  if (json) printJson(report)
  else {
    printTable(
      [
        ['OPERATION', ({ operation }) => operation],
        ['STATUS', ({ status }) => String(status)],
        ['EXAMPLE', ({ example }) => example],
        ['OUTCOME', ({ outcome }) => outcome],
        ['WHY', ({ why }) => why ?? ''],
      ],
      responses,
    )
    if (rules.length > 0) {
      console.log('')
      printTable(
        [
          ['RULE', ({ rule }) => rule],
          ['OUTCOME', ({ outcome }) => outcome],
          ['WHY', ({ why }) => why ?? ''],
        ],
        rules,
      )
    }
  }
  for (const remark of remarks) tell(remark)
  for (const { operation, status, what } of differences) tell(`${operation} ${status ?? '-'}: ${what}`)
  const reached = responses.filter(({ outcome }) => outcome !== 'not reached').length
  const held = rules.filter(({ outcome }) => outcome === 'holds').length
  const checked = stateless ? 'a mock, so no rules' : `${held} of ${count(rules.length, 'rule')} hold`
  tell(`${reached} of ${responses.length} documented responses reached, ${checked}`)
}
