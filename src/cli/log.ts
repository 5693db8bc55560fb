import type { Logger } from 'pino'
import pino from 'pino'
import pretty from 'pino-pretty'

/** JSON lines in production, readable ones otherwise, to standard output. */
export function createLog(settings: { readonly production: boolean; readonly logLevel: string }): Logger {
  const options = { level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  if (settings.production) return pino(options)
  const readable = {
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    colorize: process.stdout.isTTY,
    sync: true,
  }
  return pino(options, pretty(readable))
}
