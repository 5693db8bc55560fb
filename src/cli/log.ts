import type { Logger } from 'pino'
import pino from 'pino'

// A write for each line took a tenth of the time of refreshes. Lines are written once there are 2048 bytes, or after
// 50 ms. If the output blocks, lines beyond a megabyte are dropped.
const BUFFERED = { sync: true, minLength: 2048, periodicFlush: 50, maxLength: 1_048_576 }

let written = { at: Number.NaN, text: '' }

/** The time in pino's format, formatted once per millisecond. */
export function isoTime(): string {
  const at = Date.now()
  if (at !== written.at) written = { at, text: `,"time":"${new Date(at).toISOString()}"` }
  return written.text
}

/**
 * Logs to standard output: JSON lines in production, readable lines otherwise. Failing to write, for example to a
 * full disk, does not stop the service.
 */
export async function createLog(settings: {
  readonly production: boolean
  readonly logLevel: string
}): Promise<Logger> {
  const options = { level: settings.logLevel, base: null, timestamp: isoTime }
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
    return withNativeJson(pino(options, output))
  }
  const { default: pretty } = await import('pino-pretty')
  const destination = pino.destination({ sync: true })
  destination.on('error', () => {})
  const readable = {
    singleLine: true,
    translateTime: 'SYS:HH:MM:ss',
    colorize: process.stdout.isTTY,
    destination,
  }
  return pino(options, pretty(readable))
}

type AsJson = (
  this: Logger,
  fields: object,
  message: string | undefined,
  level: number,
  time: string,
) => string

/**
 * Makes lines without errors by JSON.stringify, which takes half as long as pino's own way of adding members one by
 * one for its serializers. Lines with errors and those of child loggers are still made by pino.
 */
export function withNativeJson(log: Logger): Logger {
  const methods = log as unknown as { [pino.symbols.asJsonSym]: AsJson }
  const asJson = methods[pino.symbols.asJsonSym]
  methods[pino.symbols.asJsonSym] = function (this: Logger, fields, message, level, time) {
    const isPlain = this === log && !('err' in fields) && message !== undefined
    if (!isPlain) return asJson.call(this, fields, message, level, time)
    const members = JSON.stringify(fields).slice(1, -1)
    return `{"level":${level}${time}${members && `,${members}`},"msg":${JSON.stringify(message)}}\n`
  }
  return log
}
