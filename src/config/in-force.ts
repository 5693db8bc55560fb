import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Given } from './environment.ts'
import { given, NAMES } from './environment.ts'
import type { Parsed } from './parse.ts'
import { parse } from './parse.ts'
import { readSecrets } from './secrets.ts'
import { SettingsError } from './settings.ts'
import type { Database, Limit } from './values.ts'

/** A setting as it is in force. */
export interface InForce {
  readonly name: string
  /** As it would be written in the environment, with secrets masked. Null for none. */
  readonly value: string | null
  readonly from: 'default' | 'environment' | 'file'
}

const MASK = '***'

/**
 * Reads all settings as the service would, but creates nothing.
 *
 * @throws {@link SettingsError} with a line for each mistake
 */
export function settingsInForce(env: NodeJS.ProcessEnv): readonly InForce[] {
  const read = given(env, NAMES)
  const { data, mistakes } = parse(read.values, env)
  const secrets = readSecrets(read.values, { mayKeep: false })
  const wrong = [...read.mistakes, ...read.without([...mistakes, ...secrets.mistakes])]
  if (data === undefined || wrong.length > 0) throw new SettingsError(wrong)
  return NAMES.map((name) => {
    const isGiven = read.values[name] !== undefined
    const from = read.fromFile.includes(name) ? 'file' : isGiven ? 'environment' : 'default'
    return { name, value: shownValue(name, data, read), from }
  })
}

function shownValue(name: string, data: Parsed, { values }: Given): string | null {
  if (name in data) {
    const value = data[name as keyof Parsed]
    if (name === 'DATABASE_URL') return databaseText(data.DATABASE_URL)
    if (name === 'EVENTS_WEBHOOK_URL') return webhookText(data.EVENTS_WEBHOOK_URL)
    if (name === 'EVENTS_WEBHOOK_SECRET') return value === undefined ? null : MASK
    if (name.startsWith('LIMIT_') && value === false) return 'off'
    return text(value)
  }
  if (values[name] !== undefined) return MASK
  return name === 'JWT_SECRET_KEY' ? keptText(data.DATABASE_URL) : null
}

function text(value: Parsed[keyof Parsed] | Limit): string | null {
  if (value === undefined) return null
  if (Array.isArray(value)) return value.length === 0 ? null : value.join(',')
  if (typeof value === 'object' && 'points' in value) return `${value.points}/${value.seconds}`
  return String(value)
}

function databaseText(database: Database): string {
  if (database.dialect === 'sqlite') return `sqlite:${resolve(database.file)}`
  const url = new URL(database.url)
  if (url.password !== '') url.password = MASK
  for (const name of url.searchParams.keys()) if (/pass/i.test(name)) url.searchParams.set(name, MASK)
  return url.href
}

// Receivers like those of chat services have their secret in the path.
function webhookText(href: string | undefined): string | null {
  if (href === undefined) return null
  const { origin, pathname, search } = new URL(href)
  return pathname === '/' && search === '' ? href : `${origin}/${MASK}`
}

function keptText(database: Database): string | null {
  if (database.dialect !== 'sqlite') return null
  const file = resolve(`${database.file}.secret`)
  return existsSync(file) ? `kept in ${file}` : `will be created in ${file}`
}
