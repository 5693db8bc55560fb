/**
 * With `node --import` of this file, the process kills itself at a point. Its standard input names the point and the
 * number of the occurrence: `rotation before 3`. Points are in points.ts.
 */
import { ServerResponse } from 'node:http'
import SQLite from 'better-sqlite3'
import { Client } from 'pg'

let wanted = ''
let left = 0

process.stdin.setEncoding('utf8').on('data', (line) => {
  const [, point = '', times] = /^(.+) (\d+)$/.exec(String(line).trim()) ?? []
  wanted = point
  left = Number(times)
})
process.stdin.unref()

function reach(point: string): void {
  if (point === wanted && --left === 0) process.kill(process.pid, 'SIGKILL')
}

const STATEMENTS: ReadonlyArray<readonly [RegExp, string]> = [
  [/^update "sessions" set "generation"/, 'rotation'],
  [/^update "sessions" set "revoked_at"/, 'logout'],
  [/^insert into "revoked_tokens"/, 'exchange'],
  [/^(insert into|update) "signing_keys"/, 'key'],
]
const PATHS: Readonly<Record<string, string>> = {
  '/refresh_token': 'rotation',
  '/api/auth/refresh': 'exchange',
  '/api/auth/logout': 'logout',
}

/** The operation that a statement belongs to. A commit belongs to the statement before it on the same connection. */
function nameStatements(): (text: string) => string {
  let last = ''
  return (text) => {
    if (text === 'commit') return `${last} commit`
    const name = STATEMENTS.find(([pattern]) => pattern.test(text))?.[1]
    if (name !== undefined || text.startsWith('begin')) last = name ?? ''
    return name ?? ''
  }
}

const names = new WeakMap<object, (text: string) => string>()
function nameOf(connection: object, text: string): string {
  const name = names.get(connection) ?? nameStatements()
  names.set(connection, name)
  return name(text)
}

const { prepare } = SQLite.prototype
SQLite.prototype.prepare = function (this: SQLite.Database, text: string) {
  const statement = prepare.call(this, text)
  for (const method of ['all', 'run'] as const) {
    const execute = statement[method].bind(statement) as (...parameters: unknown[]) => never
    statement[method] = (...parameters: unknown[]) => {
      const name = nameOf(this, text)
      reach(`${name} before`)
      const result = execute(...parameters)
      reach(`${name} after`)
      return result
    }
  }
  return statement
} as typeof prepare

const { query } = Client.prototype
Client.prototype.query = function (this: Client, ...parameters: unknown[]) {
  const [first] = parameters as [string | { text?: string }]
  const name = nameOf(this, (typeof first === 'string' ? first : first.text) ?? '')
  reach(`${name} before`)
  const result: unknown = Reflect.apply(query, this, parameters)
  reach(`${name} sent`)
  if (!(result instanceof Promise)) return result
  return result.then((rows) => {
    reach(`${name} after`)
    return rows
  })
} as typeof query

const { end } = ServerResponse.prototype
ServerResponse.prototype.end = function (this: ServerResponse, ...parameters: unknown[]) {
  const name = PATHS[this.req.url ?? '']
  reach(`${name} unanswered`)
  const result: unknown = Reflect.apply(end, this, parameters)
  reach(`${name} answered`)
  return result
} as typeof end
