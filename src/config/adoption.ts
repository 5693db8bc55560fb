/** ADOPT_…: tokens of another system that are traded for sessions. See docs/moving-in.md. */
import { readFileSync } from 'node:fs'
import type { ForeignKey, KindRule } from '../tokens/foreign.ts'
import type { Environment } from './environment.ts'
import { guessable } from './guessable.ts'
import type { Parsed } from './parse.ts'
import type { Settings } from './settings.ts'
import { list, value } from './values.ts'
import { isPlainHttp } from './webhook.ts'

const DAY = 86_400_000

type KeySet = Extract<ForeignKey, { readonly jwks: unknown }>['jwks']

/** A day, up to the end of which tokens are adopted, in UTC */
export const lastDay = value((text, wrong) => {
  const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text) && new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text)
  return isDay ? text : wrong('must be a day as YYYY-MM-DD, the last one on which tokens are adopted')
})

const SYMMETRIC = ['HS256', 'HS384', 'HS512']
const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA']

export const algorithms = list(
  (entry) => [...SYMMETRIC, ...ASYMMETRIC].includes(entry),
  'algorithms of JWTs separated by commas, as RS256,ES256',
)

/** A text that is compared, without white space at its ends */
export const plain = value((text, wrong) =>
  text === text.trim() && text.length <= 512
    ? text
    : wrong('must not begin or end with white space, and have at most 512 characters'),
)

export const kindRule = value((text, wrong) =>
  /^(off|any|[^=\s]{1,128}=\S{1,128})$/.test(text)
    ? text
    : wrong('must be off, any, or a claim and its value: type=refresh'),
)

function ruleOf(text: string): KindRule {
  if (text === 'off' || text === 'any') return text
  const at = text.indexOf('=')
  return Object.freeze({ claim: text.slice(0, at), value: text.slice(at + 1) })
}

/** How tokens of another system are adopted. @returns undefined without ADOPT_UNTIL */
export function adoptionOf(data: Parsed): Settings['adoption'] {
  if (data.ADOPT_UNTIL === undefined) return undefined
  return Object.freeze({
    until: Date.parse(`${data.ADOPT_UNTIL}T00:00:00Z`) + DAY,
    algorithms: Object.freeze(data.ADOPT_ALGORITHMS ?? (data.ADOPT_JWKS ? ASYMMETRIC : ['HS256'])),
    issuer: data.ADOPT_ISSUER,
    audience: data.ADOPT_AUDIENCE,
    userClaim: data.ADOPT_USER_CLAIM,
    userBy: data.ADOPT_USER_BY,
    kinds: Object.freeze({
      refresh: ruleOf(data.ADOPT_REFRESH_TOKENS),
      access: ruleOf(data.ADOPT_ACCESS_TOKENS),
    }),
    cookieName: data.ADOPT_COOKIE_NAME,
  })
}

/** The others mean nothing without a key and an end. */
const OTHERS = [
  ...['ADOPT_UNTIL', 'ADOPT_ALGORITHMS', 'ADOPT_ISSUER', 'ADOPT_AUDIENCE', 'ADOPT_USER_CLAIM'],
  ...['ADOPT_USER_BY', 'ADOPT_REFRESH_TOKENS', 'ADOPT_ACCESS_TOKENS', 'ADOPT_COOKIE_NAME'],
]

/**
 * Reads the key of the other system. A weak secret is allowed, because the other system has no other one. There is a warning,
 * because somebody who guesses it can have a session of any user.
 *
 * @param ours the secrets of this service
 */
export function readForeignKey(
  env: Environment,
  ours: readonly string[],
): { key?: ForeignKey; mistakes: readonly string[]; warnings: readonly string[] } {
  const secret = env['ADOPT_SECRET'] || undefined
  const jwks = env['ADOPT_JWKS'] || undefined
  const mistakes: string[] = []
  if (secret === undefined && jwks === undefined) {
    const needless = OTHERS.filter((name) => env[name])
    return {
      mistakes: needless.map(
        (name) => `${name} needs ADOPT_SECRET or ADOPT_JWKS, the key of the other system`,
      ),
      warnings: [],
    }
  }
  if (secret !== undefined && jwks !== undefined)
    mistakes.push('ADOPT_SECRET is set, and ADOPT_JWKS as well: unset one of them')
  if (!env['ADOPT_UNTIL'])
    mistakes.push('ADOPT_UNTIL is required with ADOPT_SECRET or ADOPT_JWKS: the last day, as YYYY-MM-DD')
  mistakes.push(...confused(env, secret === undefined ? ASYMMETRIC : SYMMETRIC))
  if (env['ADOPT_REFRESH_TOKENS'] === 'any' && env['ADOPT_ACCESS_TOKENS'] === 'any')
    mistakes.push(
      'ADOPT_ACCESS_TOKENS must not be any when ADOPT_REFRESH_TOKENS is: nothing would tell them apart',
    )
  const isOff = env['ADOPT_REFRESH_TOKENS'] === 'off' && (env['ADOPT_ACCESS_TOKENS'] || 'off') === 'off'
  if (isOff) mistakes.push('ADOPT_REFRESH_TOKENS is off, and ADOPT_ACCESS_TOKENS as well: nothing is adopted')
  if (secret === undefined) {
    const read = readJwks(String(jwks), env)
    if (typeof read === 'string') mistakes.push(`ADOPT_JWKS ${read}`)
    else if (mistakes.length === 0) return { key: Object.freeze(read), mistakes, warnings: [] }
    return { mistakes, warnings: [] }
  }
  if (mistakes.length > 0) return { mistakes, warnings: [] }
  const key = { secret: new TextEncoder().encode(secret), isShared: ours.includes(secret) }
  return { key: Object.freeze(key), mistakes, warnings: weakness(secret) }
}

/** RFC 8725 §3.1: a key is for its algorithms and no others. */
function confused(env: Environment, allowed: readonly string[]): string[] {
  const given = env['ADOPT_ALGORITHMS']?.split(',').map((entry) => entry.trim()) ?? []
  const wrong = given.filter(
    (entry) => [...SYMMETRIC, ...ASYMMETRIC].includes(entry) && !allowed.includes(entry),
  )
  const key = allowed === SYMMETRIC ? 'ADOPT_SECRET' : 'ADOPT_JWKS'
  return wrong.length === 0
    ? []
    : [
        `ADOPT_ALGORITHMS has ${wrong.join(', ')}, which is no algorithm of ${key}: a secret is for HS256, HS384 and HS512 only`,
      ]
}

function weakness(secret: string): string[] {
  const reason = guessable(secret)
  return reason === undefined
    ? []
    : [
        `ADOPT_SECRET ${reason}: it only verifies, but until ADOPT_UNTIL is over, whoever guesses it can have a session of any user`,
      ]
}

/** @returns the end of a sentence that says what is wrong */
function readJwks(text: string, env: Environment): ForeignKey | string {
  if (/^https?:\/\//.test(text)) {
    if (!URL.canParse(text)) return 'must be a URL or a file'
    if (env['NODE_ENV'] === 'production' && isPlainHttp(text))
      return 'must be https in production: who can change the keys can have a session of any user'
    return { url: text }
  }
  try {
    const jwks = JSON.parse(readFileSync(text, 'utf8')) as Partial<KeySet>
    if (!Array.isArray(jwks.keys) || jwks.keys.length === 0)
      return 'names a file without keys: it must be a JSON Web Key Set'
    if (jwks.keys.some((key) => key.kty === 'oct' || 'd' in key))
      return 'names a file with a secret or private key: only public keys verify'
    return { jwks: { keys: jwks.keys } }
  } catch (error) {
    const code =
      error instanceof Error && 'code' in error ? ` (${String(error.code)})` : ', because it is not JSON'
    return `names a file that cannot be read${code}`
  }
}

/** A line about what is adopted, for the start. @returns undefined without ADOPT_UNTIL */
export function adoptionNotice(
  { adoption }: Pick<Settings, 'adoption'>,
  now: number,
): { readonly isOver: boolean; readonly text: string } | undefined {
  if (adoption === undefined) return undefined
  const day = new Date(adoption.until - DAY).toISOString().slice(0, 10)
  const isOver = adoption.until <= now
  const text = isOver
    ? `tokens of the other system are no longer adopted: ADOPT_UNTIL was ${day}. Remove ADOPT_…`
    : `tokens of the other system are adopted until ${day}`
  return { isOver, text }
}
