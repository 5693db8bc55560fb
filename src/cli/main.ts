import { Command } from 'commander'
import packageJson from '../../package.json' with { type: 'json' }
import { lookalikes } from '../config/lookalikes.ts'
import { addAdoptCommand } from './adopt.ts'
import { addBackupCommand } from './backup.ts'
import { addConformCommand } from './conform.ts'
import { addCopyCommand } from './copy.ts'
import { addDatabaseCommands } from './database.ts'
import { addEventCommand } from './events.ts'
import { Failure, messageOf, report, tell, tellLog } from './failure.ts'
import { addHealthCommand } from './health.ts'
import { addKeyCommands } from './keys.ts'
import { addSecretCommand } from './secret.ts'
import { addSessionCommands } from './sessions.ts'
import { addSettingsCommand } from './settings.ts'
import { addUserCommands } from './users.ts'

const CODES = `
Exit codes: 0 done, 1 failed, 2 wrong usage or settings.
Settings are read from the environment, as for the service.`

function createProgram(env: NodeJS.ProcessEnv): Command {
  const program = new Command('rekindle')
    .description('A self-hosted token refresh service, and commands for its operator.')
    .version(packageJson.version)
    .addHelpText('after', CODES)
    // Errors are thrown and reported in one place, so that commander never calls process.exit().
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    // The service logs them. A health check, which may run every second, prints one line.
    .hook('preAction', (_, command) => {
      if (!['serve', 'health'].includes(command.name())) for (const line of lookalikes(env)) tell(line)
    })
  program
    .command('serve')
    .description('run the service until SIGTERM or SIGINT')
    .action(async () => {
      // Loaded only here, because the other commands need no HTTP.
      const { serve } = await import('./serve.ts')
      await serve(env)
    })
  addHealthCommand(program, env)
  addConformCommand(program, env)
  addDatabaseCommands(program, env)
  addBackupCommand(program, env)
  addCopyCommand(program)
  addUserCommands(program, env)
  addSessionCommands(program, env)
  addEventCommand(program, env)
  addKeyCommands(program, env)
  addAdoptCommand(program, env)
  addSecretCommand(program)
  addSettingsCommand(program, env)
  return program
}

/**
 * Runs the command line and sets `process.exitCode`: 0 done, 1 failed, 2 wrong usage or settings. Never rejects.
 *
 * @param argv the arguments without node and script
 */
export async function main(argv: readonly string[]): Promise<void> {
  const { env } = process
  const say = argv[0] === 'serve' && env['NODE_ENV'] === 'production' ? tellLog : tell
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // The reader of our output may close it early, as `head` does.
    if (error.code === 'EPIPE') return
    const message = `the output cannot be written: ${messageOf(error)}`
    process.exitCode = report(new Failure(message, { cause: error }), env)
  })
  try {
    await createProgram(env).parseAsync(argv, { from: 'user' })
  } catch (error) {
    process.exitCode = report(error, env, say)
  }
}
