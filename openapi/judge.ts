/**
 * Tells breaking changes of the contract from compatible ones. A client that was made for the old one goes on working
 *
 * 1. when nothing is taken away that has a name: operations, statuses, media types, members, headers, …;
 * 2. when nothing is refused that it may send;
 * 3. when nothing comes that could not come before, but for what it must cope with: members and headers that it does
 *    not know, and errors that it does not know (RFC 9110 §15: they count as the x00 of their class).
 *
 * What cannot be told is taken for breaking.
 */
import type { Change, Comparison, Direction, Members } from './judge-schemas.ts'
import { compareSchemas, resolve } from './judge-schemas.ts'

type Pair = readonly [before: Members, after: Members]

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** All differences that matter to clients. */
export function compareContracts(before: Members, after: Members): Change[] {
  const changes: Change[] = []
  const note = (breaking: boolean, where: string, what: string) => changes.push({ breaking, where, what })
  const comparison: Comparison = { before, after, note }
  each(comparison, 'servers', [servers(before), servers(after)])
  each(comparison, 'contract', [operations(before), operations(after)], {
    inner: (name, pair) => compareOperations(comparison, name, pair),
  })
  return changes
}

const servers = (document: Members): Members =>
  Object.fromEntries((document['servers'] as { url: string }[]).map(({ url }) => [url, {}]))

/** By method and path, with the parameters and the security that come from around them. */
function operations(document: Members): Members {
  const paths = Object.entries(document['paths'] as Record<string, Members>)
  const all = paths.flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => {
      const operation = item[method] as Members
      const parameters = [item['parameters'] ?? [], operation['parameters'] ?? []]
        .flat()
        .map((parameter) => resolve(document, parameter))
        .map((parameter) => [`parameter ${parameter['name']} in ${parameter['in']}`, parameter])
      const security = operation['security'] ?? document['security'] ?? []
      const named = { parameters: Object.fromEntries(parameters), security }
      return [`${method.toUpperCase()} ${path}`, { ...operation, ...named }] as const
    }),
  )
  return Object.fromEntries(all)
}

interface Rules {
  /** Whether a part that is new breaks clients */
  readonly added?: (part: Members, name: string) => boolean
  /** What to compare in a part that both have */
  readonly inner?: (where: string, pair: Pair) => void
}

/** Compares parts that have names. To lose one is breaking. */
function each(
  { before, after, note }: Comparison,
  where: string,
  pair: readonly unknown[],
  rules: Rules = {},
): void {
  const [old, next] = pair.map((parts) => parts ?? {}) as [Members, Members]
  for (const name of Object.keys({ ...old, ...next })) {
    if (!(name in next)) note(true, where, `${name} removed`)
    else if (!(name in old))
      note(rules.added?.(resolve(after, next[name]), name) ?? false, where, `${name} added`)
    else rules.inner?.(`${where} ${name}`, [resolve(before, old[name]), resolve(after, next[name])])
  }
}

const required = (part: Members) => part['required'] === true

/** A parameter, a header or a body: whether it must be there. */
function compareRequired({ note }: Comparison, direction: Direction, where: string, [old, next]: Pair): void {
  const [was, is] = [required(old), required(next)]
  if (was !== is) note(direction === 'request' ? is : was, where, is ? 'required' : 'optional')
}

function compareContent(
  comparison: Comparison,
  direction: Direction,
  where: string,
  [old, next]: Pair,
): void {
  each(comparison, where, [old['content'], next['content']], {
    inner: (type, pair) =>
      compareSchemas(comparison, direction, type, [pair[0]['schema'], pair[1]['schema']]),
  })
}

/** A parameter or a header */
function compareField(comparison: Comparison, direction: Direction, where: string, pair: Pair): void {
  compareRequired(comparison, direction, where, pair)
  compareSchemas(comparison, direction, where, [pair[0]['schema'], pair[1]['schema']])
  compareContent(comparison, direction, where, pair)
  for (const key of ['style', 'explode', 'allowReserved']) {
    if (pair[0][key] !== pair[1][key]) comparison.note(true, where, `${key} changed`)
  }
}

function compareOperations(comparison: Comparison, where: string, [old, next]: Pair): void {
  // Generated clients have their names from it.
  if (old['operationId'] !== next['operationId']) comparison.note(true, where, 'operationId changed')
  each(comparison, where, [old['parameters'], next['parameters']], {
    added: required,
    inner: (name, pair) => compareField(comparison, 'request', name, pair),
  })
  const body = ({ requestBody }: Members) => requestBody && { 'request body': requestBody }
  each(comparison, where, [body(old), body(next)], {
    added: required,
    inner(name, pair) {
      compareRequired(comparison, 'request', name, pair)
      compareContent(comparison, 'request', name, pair)
    },
  })
  each(comparison, where, [old['responses'], next['responses']], {
    added: (_, status) => !/^[45]/.test(status),
    inner(status, pair) {
      compareContent(comparison, 'response', status, pair)
      each(comparison, status, [pair[0]['headers'], pair[1]['headers']], {
        inner: (name, header) => compareField(comparison, 'response', name, header),
      })
    },
  })
  compareSecurity(comparison, where, [old, next])
}

/** Each old way to authenticate has to stay, unless nobody has to any more. */
function compareSecurity(comparison: Comparison, where: string, [old, next]: Pair): void {
  const [was, is] = [ways(comparison.before, old), ways(comparison.after, next)]
  const open = (all: Members) => Object.keys(all).length === 0 || '[{},[]]' in all
  if (open(was) && !open(is)) comparison.note(true, where, 'authentication needed')
  else if (!open(was) && open(is)) comparison.note(false, where, 'authentication no longer needed')
  else each(comparison, `${where} authentication by`, [was, is])
}

/** By all that a client has to know of them. */
function ways(document: Members, { security }: Members): Members {
  const known = ((document['components'] as Members | undefined)?.['securitySchemes'] ?? {}) as Members
  const scheme = (name: string) => {
    const { description: _, bearerFormat: __, ...rest } = resolve(document, known[name])
    return rest
  }
  const keys = (security as Members[]).map((way) => JSON.stringify([way, Object.keys(way).map(scheme)]))
  return Object.fromEntries(keys.map((key) => [key, {}]))
}
