import type { Logger } from 'pino'
import pino from 'pino'

// In a profile of refreshes a write for each line was a tenth; but each line is joined to all that wait. Bytes, and
// milliseconds that a line may be late. What cannot be written waits, up to a megabyte; what is more is lost.
const BUFFERED = { sync: true, minLength: 2048, periodicFlush: 50, maxLength: 1_048_576 }

let written = { at: Number.NaN, text: '' }

/** pino's own, made once for all lines of a millisecond. */
export function isoTime(): string {
  const at = Date.now()
  if (at !== written.at) written = { at, text: `,"time":"${new Date(at).toISOString()}"` }
  return written.text
}

/** JSON lines in production, readable ones otherwise, to standard output. That it is on a full disk ends nothing. */
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
      // It tries for ever.
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
 * pino puts its lines together member by member, for its serializers. The only one here is that of errors: all other lines
 * are left to JSON.stringify, which takes half as long. Children have members of their own, and pino's way.
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
