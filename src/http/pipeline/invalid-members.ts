/** The `errors` of a 400: what does not match the contract, as a reason for programs and in words for people. */
import type { core } from 'zod'
import type { InvalidMember } from './respond.ts'

/** As in the contract. A body may have thousands of unknown members. */
const MAX_MEMBERS = 100

type Issue = core.$ZodIssue
type Fault = Omit<InvalidMember, 'path'>

/**
 * @param value what was validated
 * @param issues of zod, whose codes and texts are not for clients: another version may change them
 */
export function invalidMembers(value: unknown, issues: readonly Issue[]): InvalidMember[] {
  const members = issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return { path: pathOf(issue.path), ...faultOf(issue, valueAt(value, issue.path)) }
    return issue.keys.map((key) => ({
      path: pathOf([...issue.path, key]),
      reason: 'unknown',
      message: 'Is not in the contract',
    }))
  })
  return members.slice(0, MAX_MEMBERS)
}

const pathOf = (path: readonly PropertyKey[]) => path.map(String).join('.')

const valueAt = (value: unknown, path: readonly PropertyKey[]) =>
  path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value)

function faultOf(issue: Issue, value: unknown): Fault {
  if (value === undefined) return { reason: 'missing', message: 'Is missing' }
  switch (issue.code) {
    case 'invalid_type':
      return { reason: 'wrong_type', message: `Expected the type ${issue.expected}` }
    case 'too_small':
      return { reason: 'too_small', message: `Expected at least ${issue.minimum}` }
    case 'too_big':
      return { reason: 'too_large', message: `Expected at most ${issue.maximum}` }
    case 'invalid_format': {
      // The generated validators name the reason before the words: see openapi/validators.ts.
      const [, reason, message] = /^(\w+): (.+)$/.exec(issue.message) ?? []
      if (reason !== undefined && message !== undefined) return { reason, message }
    }
  }
  return { reason: 'malformed', message: 'Expected one of the documented forms' }
}
