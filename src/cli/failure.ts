import { CommanderError } from 'commander'
import { SettingsError } from '../config/settings.ts'
import { printable } from './output.ts'

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

/** Prints an error on standard error. @returns the exit code */
export function report(error: unknown, env: NodeJS.ProcessEnv): number {
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
  say(messageOf(error))
  if (env['LOG_LEVEL'] === 'debug' || env['LOG_LEVEL'] === 'trace') console.error(error)
  return error instanceof Failure ? error.exitCode : FAILED
}

/** @returns one line about any error */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error.message !== '') return error.message
  // Connecting to a host with several addresses that all refuse throws an AggregateError without a message.
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0])
  return error.name
}

function usageMessage({ code, message }: CommanderError): string {
  const line = message.replace(/^error: /, '').replaceAll('\n', ' ')
  // Commander repeats the arguments, which may contain a password.
  if (code === 'commander.excessArguments') return line.replace(/ but got (\d+):.*$/s, ' but got $1.')
  if (code === 'commander.unknownOption') return line.replace(/=.*'/s, "'")
  return line
}

function say(message: string): void {
  console.error(`rekindle: ${printable(message)}`)
}
