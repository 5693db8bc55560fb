import type { Logger } from 'pino'
import pino from 'pino'

// In a profile of refreshes a write for each line was a tenth; but each line is joined to all that wait. Bytes, and
// milliseconds that a line may be late.
const BUFFERED = { sync: true, minLength: 2048, periodicFlush: 50 }

/** JSON lines in production, readable ones otherwise, to standard output. */
export async function createLog(settings: {
  readonly production: boolean
  readonly logLevel: string
}): Promise<Logger> {
  const options = { level: settings.logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime }
  if (settings.production) {
    const output = pino.destination(BUFFERED)
    process.on('exit', () => output.flushSync())
    return pino(options, output)
  }
  const { default: pretty } = await import('pino-pretty')
  const readable = {
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    colorize: process.stdout.isTTY,
    sync: true,
  }
  return pino(options, pretty(readable))
}
