import type { Command } from 'commander'
import { settingsInForce } from '../config/in-force.ts'
import { readSettings } from '../config/settings.ts'
import { unsafeSettings } from '../config/warnings.ts'
import { tell } from './failure.ts'
import { printTable } from './list.ts'
import { printJson } from './output.ts'

/** `rekindle settings` */
export function addSettingsCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('settings')
    .description('check the settings and print what is in force, with secrets masked')
    .option('--json', 'print JSON')
    .action(({ json }: { readonly json?: true }) => {
      const settings = settingsInForce(env)
      for (const warning of unsafeSettings(env, readSettings(env))) tell(warning)
      if (json) return printJson(settings)
      printTable(
        [
          ['SETTING', ({ name }) => name],
          ['FROM', ({ from }) => from],
          ['VALUE', ({ value }) => value ?? 'none'],
        ],
        settings,
      )
    })
}
