import { existsSync } from 'node:fs'
import type { ForeignKey } from '../tokens/foreign.ts'
import { readForeignKey } from './adoption.ts'
import type { Environment } from './environment.ts'
import { guessable } from './guessable.ts'
import { keptSecret, placeMistake } from './kept-secret.ts'
import type { GivenKeys } from './signing-key.ts'
import { readGivenKeys } from './signing-key.ts'
import { variables } from './variables.ts'

/** Secrets of a service, as the UTF-8 bytes of their text, which PyJWT and jsonwebtoken also use as HS256 keys. */
export interface Secrets {
  /** JWT_SECRET_KEY, or the secret kept in `file`. It signs and verifies tokens. */
  readonly current: Uint8Array
  /** JWT_SECRET_KEY_PREVIOUS: keys that only verify, until the last token signed with them has expired. */
  readonly previous: readonly Uint8Array[]
  /** REFRESH_TOKEN_SECRET_KEY and REFRESH_TOKEN_SECRET_KEY_PREVIOUS. Undefined: refresh tokens have the keys above. */
  readonly refresh: { readonly current: Uint8Array; readonly previous: readonly Uint8Array[] } | undefined
  /** JWT_SIGNING_KEY and JWT_SIGNING_KEY_NEXT. Undefined: with a public algorithm the service makes its own keys. */
  readonly signing: GivenKeys | undefined
  /** ADMIN_TOKEN. Undefined switches administration off. */
  readonly admin: Uint8Array | undefined
  /** REVOCATIONS_TOKEN. Undefined switches the feed of revocations off. */
  readonly revocations: Uint8Array | undefined
  /** INTROSPECTION_TOKEN, by default REVOCATIONS_TOKEN. Undefined switches introspection off. */
  readonly introspection: Uint8Array | undefined
  /** ADOPT_SECRET or ADOPT_JWKS: the key of another system. It verifies what is adopted, and nothing else. */
  readonly adoption: ForeignKey | undefined
  /** The file that holds the secret of a development service. Undefined with JWT_SECRET_KEY. */
  readonly file: string | undefined
}

interface Found {
  readonly texts: readonly string[]
  /** Each of them stops the start. */
  readonly mistakes: readonly string[]
  readonly warnings?: readonly string[]
  readonly file?: string
}

/**
 * Reads JWT_SECRET_KEY (or the secret kept beside the database), JWT_SECRET_KEY_PREVIOUS, the same of refresh tokens, the
 * keys that sign access tokens, and the tokens of operators and APIs.
 *
 * @param options.mayKeep whether a file may be created when JWT_SECRET_KEY is unset. Mistakes prevent it as well.
 * @returns the secrets; undefined when there are mistakes, or when a file is missing and was not created. Warnings are lines
 * for the log, for example that other users can read the file.
 */
export function readSecrets(
  env: Environment,
  { mayKeep }: { readonly mayKeep: boolean },
): { secrets?: Secrets; mistakes: readonly string[]; warnings: readonly string[] } {
  const previous = findPrevious(env, 'JWT_SECRET_KEY_PREVIOUS')
  const refresh = findRefresh(env)
  const signing = readGivenKeys(env)
  const tokenMistakes = TOKENS.flatMap((name) => findToken(env, name).mistakes)
  const mistakesWith = ({ texts, mistakes }: Found) => [
    ...[...mistakes, ...previous.mistakes, ...refresh.mistakes, ...signing.mistakes, ...tokenMistakes],
    ...reused([...texts, ...previous.texts, ...refresh.texts], env),
    ...unparted(refresh, texts),
  ]
  const isPlain =
    mistakesWith({ texts: [], mistakes: [] }).length + readForeignKey(env, []).mistakes.length === 0
  const found = findCurrent(env, mayKeep && isPlain)
  const foreign = readForeignKey(env, [...found.texts, ...previous.texts, ...refresh.texts])
  const mistakes = [...mistakesWith(found), ...foreign.mistakes]
  const [current] = found.texts
  const warnings = [...(found.warnings ?? []), ...foreign.warnings]
  if (mistakes.length > 0 || current === undefined) return { mistakes, warnings }

  const encoder = new TextEncoder()
  const [admin, revocations, introspection = revocations] = TOKENS.map((name) =>
    env[name] ? encoder.encode(env[name]) : undefined,
  )
  const secrets: Secrets = {
    current: encoder.encode(current),
    previous: Object.freeze(previous.texts.map((text) => encoder.encode(text))),
    refresh: refreshSecrets(refresh.texts.map((text) => encoder.encode(text))),
    signing: signing.keys,
    admin,
    revocations,
    introspection,
    adoption: foreign.key,
    file: found.file,
  }
  return { secrets: Object.freeze(secrets), mistakes, warnings }
}

const how = 'set it to at least 32 random bytes, for example from: openssl rand -base64 32'

function findCurrent(env: Environment, mayMake: boolean): Found {
  const given = env['JWT_SECRET_KEY'] || undefined
  if (given !== undefined) return { texts: [given], mistakes: weakKey('JWT_SECRET_KEY', given, how) }
  if (isProduction(env)) return { texts: [], mistakes: [`JWT_SECRET_KEY is required in production: ${how}`] }
  // Also when the rest of the URL is wrong, so that both mistakes are reported at once.
  if (/^postgres(ql)?:/.test(env['DATABASE_URL'] ?? '')) {
    return { texts: [], mistakes: [`JWT_SECRET_KEY is required when DATABASE_URL is PostgreSQL: ${how}`] }
  }
  const database = variables.shape.DATABASE_URL.safeParse(env['DATABASE_URL'] || undefined).data
  if (database?.dialect !== 'sqlite') return { texts: [], mistakes: [] }
  return findKept(`${database.file}.secret`, mayMake)
}

function findKept(file: string, mayMake: boolean): Found {
  const unset = (mistake: string) => ({ texts: [], mistakes: [`JWT_SECRET_KEY is not set, and ${mistake}`] })
  if (!mayMake && !existsSync(file)) {
    const mistake = placeMistake(file)
    return mistake === undefined ? { texts: [], mistakes: [] } : unset(mistake)
  }
  const { secret, warnings, mistake } = keptSecret(file)
  if (mistake !== undefined) return unset(mistake)
  const advice = 'delete the file to get a new one'
  return { texts: [secret], file, mistakes: weakKey(`The secret kept in ${file}`, secret, advice), warnings }
}

function refreshSecrets([current, ...previous]: readonly Uint8Array[]): Secrets['refresh'] {
  return current && Object.freeze({ current, previous: Object.freeze(previous) })
}

/** REFRESH_TOKEN_SECRET_KEY first, then the previous ones */
function findRefresh(env: Environment): Found {
  const name = 'REFRESH_TOKEN_SECRET_KEY'
  const given = env[name] || undefined
  const previous = findPrevious(env, `${name}_PREVIOUS`)
  const mistakes = [...(given === undefined ? [] : weakKey(name, given, how)), ...previous.mistakes]
  if (given !== undefined) return { texts: [given, ...previous.texts], mistakes }
  if (previous.texts.length > 0 && mistakes.length === 0) mistakes.push(`${name}_PREVIOUS needs ${name}`)
  return { texts: [], mistakes }
}

/** Verifiers of access tokens know JWT_SECRET_KEY. */
function unparted({ texts: [refresh] }: Found, [current]: readonly string[]): string[] {
  return refresh !== undefined && refresh === current
    ? [
        'REFRESH_TOKEN_SECRET_KEY must differ from JWT_SECRET_KEY: without it, both kinds of tokens have that one',
      ]
    : []
}

function findPrevious(env: Environment, name: string): Found {
  const given = env[name] || undefined
  const entries = given?.split(',').map((entry) => entry.trim()) ?? []
  const advice = 'remove it, because others could sign tokens with it'
  const mistakes = entries.flatMap((entry, at) =>
    entry === '' ? [] : weakness(`${name} entry ${at + 1}`, entry, advice),
  )
  if (entries.includes(''))
    mistakes.unshift(`${name} has an empty entry: it must be secrets separated by single commas`)
  return { texts: entries.filter((entry) => entry !== ''), mistakes }
}

/** Each opens operations of its own. */
const TOKENS = ['ADMIN_TOKEN', 'REVOCATIONS_TOKEN', 'INTROSPECTION_TOKEN'] as const

function findToken(env: Environment, name: (typeof TOKENS)[number]): Found {
  const given = env[name] || undefined
  if (given === undefined) return { texts: [], mistakes: [] }
  // RFC 6750 §2.1: b64token
  const mistakes = /^[\w.~+/-]+=*$/.test(given)
    ? []
    : [`${name} must be made of letters, digits and -._~+/ only (RFC 6750)`]
  return { texts: [given], mistakes: [...mistakes, ...weakness(name, given, how)] }
}

/**
 * Services that verify access tokens know the keys, and some of them the tokens of the feed and of introspection. The receiver
 * of events knows its secret.
 */
function reused(keys: readonly string[], env: Environment): string[] {
  const admin = env['ADMIN_TOKEN'] || undefined
  const others = TOKENS.filter((name) => name !== 'ADMIN_TOKEN' && env[name])
  const mistakes = TOKENS.filter((name) => keys.includes(env[name] || '')).map(
    (name) => `${name} must differ from the secrets of tokens, current and previous`,
  )
  if (admin !== undefined && others.some((name) => env[name] === admin))
    mistakes.push('ADMIN_TOKEN must differ from REVOCATIONS_TOKEN and INTROSPECTION_TOKEN')
  const receivers = env['EVENTS_WEBHOOK_SECRET']?.replace(/^whsec_/, '') || undefined
  if (receivers !== undefined && [...TOKENS.map((name) => env[name]), ...keys].includes(receivers))
    mistakes.push('EVENTS_WEBHOOK_SECRET must differ from all other secrets')
  return mistakes
}

/** Also refuses a key that could not stand in JWT_SECRET_KEY_PREVIOUS: changing it would end all sessions. */
function weakKey(name: string, secret: string, advice: string): string[] {
  const mistakes = weakness(name, secret, advice)
  if (secret.includes(',') || secret !== secret.trim())
    mistakes.push(
      `${name} has a comma, or white space at an end, so it could not become one of JWT_SECRET_KEY_PREVIOUS; ${advice}`,
    )
  return mistakes
}

function weakness(name: string, secret: string, advice: string): string[] {
  const reason = guessable(secret)
  return reason === undefined ? [] : [`${name} ${reason}; ${advice}`]
}

function isProduction(env: Environment): boolean {
  return env['NODE_ENV'] === 'production'
}
