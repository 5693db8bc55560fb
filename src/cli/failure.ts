import { CommanderError } from 'commander'
import { SettingsError } from '../config/settings.ts'
import { messageOf } from '../message-of.ts'
import { printable } from './output.ts'

export { messageOf } from '../message-of.ts'

export const FAILED = 1
export const WRONG_USAGE = 2

/** An error that is reported to the operator in one line. */
export class Failure extends Error {
  readonly exitCode: number

  constructor(message: string, options: ErrorOptions & { readonly exitCode?: number } = {}) {
    super(message, options)
    this.exitCode = options.exitCode ?? FAILED
  }
}

/** Tells the operator one line. @param error of which details are told */
type Tell = (message: string, error?: unknown) => void

/** On standard error */
export const tell: Tell = (message, error) => {
  console.error(`rekindle: ${printable(message)}`)
  if (error !== undefined) console.error(error)
}

/** As a line of the log of a service in production: whoever collects the log sees why the service did not start. */
export const tellLog: Tell = (message, error) => {
  const details = error instanceof Error && { type: error.name, message: error.message, stack: error.stack }
  const line = { level: 60, time: new Date().toISOString(), ...(details && { err: details }), msg: message }
  console.log(JSON.stringify(line))
}

/** Reports an error. @returns the exit code */
export function report(error: unknown, env: NodeJS.ProcessEnv, say: Tell = tell): number {
  if (error instanceof CommanderError) {
    // Commander also throws for help and version, which it has already printed.
    if (error.exitCode === 0) return 0
    if (error.code !== 'commander.help') say(usageMessage(error))
    return WRONG_USAGE
  }
  if (error instanceof SettingsError) {
    for (const mistake of error.mistakes) say(mistake)
    return WRONG_USAGE
  }
  const isDetailed = env['LOG_LEVEL'] === 'debug' || env['LOG_LEVEL'] === 'trace'
  say(messageOf(error), isDetailed ? error : undefined)
  return error instanceof Failure ? error.exitCode : FAILED
}

function usageMessage({ code, message }: CommanderError): string {
  const line = message.replace(/^error: /, '').replaceAll('\n', ' ')
  // Commander repeats the arguments, which may contain a password.
  if (code === 'commander.excessArguments') return line.replace(/ but got (\d+):.*$/s, ' but got $1.')
  if (code === 'commander.unknownOption') return line.replace(/=.*'/s, "'")
  return line
}
