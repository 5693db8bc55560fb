import type { Logger } from 'pino'
import pino from 'pino'
import { isTerminal } from './terminal.ts'
import type { FindUsername, LogLine } from './terminal-log.ts'
import { terminalLog } from './terminal-log.ts'

// A write for each line took a tenth of the time of refreshes. Lines are written once there are 2048 bytes, or after
// 50 ms. If the output blocks, lines beyond a megabyte are dropped.
const BUFFERED = { sync: true, minLength: 2048, periodicFlush: 50, maxLength: 1_048_576 }

/**
 * Logs to standard output: JSON lines in production, readable lines otherwise. Failing to write, for example to a
 * full disk, does not stop the service.
 */
export async function createLog(
  settings: { readonly production: boolean; readonly logLevel: string },
  usernameOf: FindUsername,
): Promise<Logger> {
  const options = { level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  if (settings.production) {
    const output = pino.destination(BUFFERED)
    let isFailing = false
    output.on('error', () => {
      isFailing = true
    })
    process.on('exit', () => {
      isFailing = false
      output.flush()
      // flushSync would retry a failing output forever.
      if (!isFailing) output.flushSync()
    })
    return pino(options, output)
  }
  const { prettyFactory } = await import('pino-pretty')
  const colorize = isTerminal()
  const pretty = prettyFactory({ singleLine: true, translateTime: 'SYS:HH:MM:ss', colorize })
  const destination = pino.destination({ sync: true })
  destination.on('error', () => {})
  const print = (line: LogLine) => destination.write(pretty(line))
  // Usernames are shown on a terminal only: a log file must not contain them.
  return pino(options, terminalLog(print, isTerminal() ? usernameOf : undefined))
}
