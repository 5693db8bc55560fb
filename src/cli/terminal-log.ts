/** The log as a person reads it: `POST /refresh_token 200 21 ms token.rotated ada`. */
import { Writable } from 'node:stream'
import { printable } from './output.ts'

/** A line of pino */
export interface LogLine {
  readonly msg?: string
  readonly [field: string]: unknown
}

/** @returns undefined when the user does not exist */
export type FindUsername = (id: string) => Promise<string | undefined>

// The number of names that are remembered
const MAX_NAMES = 1000

/**
 * Creates a destination for pino. Lines are printed in order, also those whose username has to be read first.
 *
 * @param usernameOf undefined: users are shown by their ids
 */
export function terminalLog(print: (line: LogLine) => void, usernameOf: FindUsername | undefined): Writable {
  const names = new Map<string, string>()
  const learn = async (id: string) => {
    if (names.size >= MAX_NAMES) names.clear()
    // While the database is away, the id is shown.
    const name = await usernameOf?.(id).catch(() => undefined)
    if (name !== undefined) names.set(id, name)
  }
  return new Writable({
    decodeStrings: false,
    write(text: string, _encoding, done) {
      const line = JSON.parse(text) as LogLine
      const id = line['user_id']
      if (line['event'] === 'user.renamed') names.delete(String(id))
      const finish = () => {
        print(forPeople(line, typeof id === 'string' ? (names.get(id) ?? id) : undefined))
        done()
      }
      if (typeof id !== 'string' || names.has(id) || usernameOf === undefined) finish()
      else void learn(id).then(finish)
    },
  })
}

/** Requests and events in words. Other lines stay as they are. */
export function forPeople(line: LogLine, user: string | undefined): LogLine {
  const { msg, level, time, event, refusal, reason, error } = line
  if (msg !== 'request' && (event === undefined || event !== msg)) return line
  const outcome = [event ?? refusal, reason, user, error === undefined ? undefined : `"${text(error)}"`]
  const words = [...(msg === 'request' ? requestWords(line) : []), ...outcome]
  return { level, time, msg: printable(words.filter((word) => word !== undefined).join(' ')) }
}

function requestWords({ method, route, path, status, duration_ms, request_id }: LogLine) {
  const id = Number(status) >= 500 ? text(request_id) : undefined
  return [method, path ?? route, status, duration(duration_ms), id]
}

const text = (value: unknown) => (typeof value === 'string' ? value : '')

const duration = (milliseconds: unknown) =>
  typeof milliseconds === 'number' ? `${Math.max(1, Math.round(milliseconds))} ms` : undefined
