/**
 * Distinguishes breaking changes of the contract from compatible ones. A client of the old contract keeps working if
 *
 * 1. nothing with a name is removed: operations, webhooks, statuses, media types, members, headers, …;
 * 2. everything that it may send is still accepted;
 * 3. it receives nothing new except unknown members of open responses, unknown headers and unknown errors, which it must
 *    handle (RFC 9110 §15: an unknown status counts as the x00 of its class), and events of unknown types.
 *
 * In a webhook it receives the request and sends the response.
 *
 * A change whose effect is unknown counts as breaking.
 */
import type { Change, Comparison, Direction, Members } from './judge-schemas.ts'
import { compareSchemas, resolve } from './judge-schemas.ts'

type Pair = readonly [before: Members, after: Members]

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/** Finds all differences that matter to clients. */
export function compareContracts(before: Members, after: Members): Change[] {
  const changes: Change[] = []
  const note = (breaking: boolean, where: string, what: string) => changes.push({ breaking, where, what })
  const comparison: Comparison = { before, after, note }
  each(comparison, 'servers', [servers(before), servers(after)])
  each(comparison, 'contract', [operations(before, 'paths'), operations(after, 'paths')], {
    inner: (name, pair) => compareOperations(comparison, 'request', name, pair),
  })
  each(comparison, 'webhooks', [operations(before, 'webhooks'), operations(after, 'webhooks')], {
    inner: (name, pair) => compareOperations(comparison, 'response', name, pair),
  })
  return changes
}

const servers = (document: Members): Members =>
  Object.fromEntries((document['servers'] as { url: string }[]).map(({ url }) => [url, {}]))

/** The operations by method and path or name of the webhook, with the parameters and security that they inherit. */
function operations(document: Members, kind: 'paths' | 'webhooks'): Members {
  const paths = Object.entries((document[kind] ?? {}) as Record<string, Members>)
  const all = paths.flatMap(([path, item]) =>
    METHODS.filter((method) => method in item).map((method) => {
      const operation = item[method] as Members
      const parameters = [item['parameters'] ?? [], operation['parameters'] ?? []]
        .flat()
        .map((parameter) => resolve(document, parameter))
        .map(
          (parameter) =>
            [`parameter ${String(parameter['name'])} in ${String(parameter['in'])}`, parameter] as const,
        )
      const security = operation['security'] ?? document['security'] ?? []
      const named = { parameters: Object.fromEntries(parameters), security }
      return [`${method.toUpperCase()} ${path}`, { ...operation, ...named }] as const
    }),
  )
  return Object.fromEntries(all)
}

interface Rules {
  /** Whether a new part breaks clients */
  readonly added?: (part: Members, name: string) => boolean
  /** Compares a part that both versions have */
  readonly inner?: (where: string, pair: Pair) => void
}

/** Compares named parts. Removing one is breaking. */
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

/** Compares whether a parameter, a header or a body is required. */
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

/** Compares a parameter or a header. */
function compareField(comparison: Comparison, direction: Direction, where: string, pair: Pair): void {
  compareRequired(comparison, direction, where, pair)
  compareSchemas(comparison, direction, where, [pair[0]['schema'], pair[1]['schema']])
  compareContent(comparison, direction, where, pair)
  for (const key of ['style', 'explode', 'allowReserved']) {
    if (pair[0][key] !== pair[1][key]) comparison.note(true, where, `${key} changed`)
  }
}

// A client that gets 304 has asked for it (RFC 9110 §15.4.5).
const mayBeAdded = (status: string) => /^([45]|304)/.test(status)

/** @param asked what the request is for clients: of a webhook, what they receive */
function compareOperations(comparison: Comparison, asked: Direction, where: string, [old, next]: Pair): void {
  const answered = asked === 'request' ? 'response' : 'request'
  // Generated clients take method names from operationId.
  if (old['operationId'] !== next['operationId']) comparison.note(true, where, 'operationId changed')
  each(comparison, where, [old['parameters'], next['parameters']], {
    added: (parameter) => asked === 'request' && required(parameter),
    inner: (name, pair) => compareField(comparison, asked, name, pair),
  })
  const body = ({ requestBody }: Members) => requestBody && { 'request body': requestBody }
  each(comparison, where, [body(old), body(next)], {
    added: (part) => asked === 'request' && required(part),
    inner(name, pair) {
      compareRequired(comparison, asked, name, pair)
      compareContent(comparison, asked, name, pair)
    },
  })
  each(comparison, where, [old['responses'], next['responses']], {
    added: (_, status) => answered === 'response' && !mayBeAdded(status),
    inner(status, pair) {
      const [before, after] = [comparison.before, comparison.after]
      const promised = [withMessages(before, status, pair[0]), withMessages(after, status, pair[1])] as const
      compareContent(comparison, answered, status, promised)
      each(comparison, status, [pair[0]['headers'], pair[1]['headers']], {
        inner: (name, header) => compareField(comparison, answered, name, header),
      })
    },
  })
  compareSecurity(comparison, where, [old, next])
}

/** An error with its status and messages as constants. The examples list every message (`tests/http/documented.test.ts`). */
function withMessages(document: Members, where: string, response: Members): Members {
  const status = Number(where.slice(-3))
  if (!(status >= 400)) return response
  const content = Object.entries((response['content'] ?? {}) as Record<string, Members>).map(
    ([type, part]) => {
      const schema = resolve(document, part['schema'])
      const { code, message, ...properties } = (schema['properties'] ?? {}) as Members
      const examples = Object.values((part['examples'] ?? {}) as Record<string, Members>)
      const said = examples.map(({ value }) => (value as Members | undefined)?.['message'])
      if (message === undefined || said.length === 0) return [type, part] as const
      const constants = {
        code: { enum: [status], ...(code as Members) },
        message: { enum: [...new Set(said)], ...(message as Members) },
      }
      return [type, { ...part, schema: { ...schema, properties: { ...properties, ...constants } } }] as const
    },
  )
  return { ...response, content: Object.fromEntries(content) }
}

/** Each old way to authenticate must remain, unless authentication is no longer required. */
function compareSecurity(comparison: Comparison, where: string, [old, next]: Pair): void {
  const [was, is] = [ways(comparison.before, old), ways(comparison.after, next)]
  const open = (all: Members) => Object.keys(all).length === 0 || '[{},[]]' in all
  if (open(was) && !open(is)) comparison.note(true, where, 'authentication needed')
  else if (!open(was) && open(is)) comparison.note(false, where, 'authentication no longer needed')
  else each(comparison, `${where} authentication by`, [was, is])
}

/** The ways to authenticate, keyed by everything that a client has to know. */
function ways(document: Members, { security }: Members): Members {
  const known = ((document['components'] as Members | undefined)?.['securitySchemes'] ?? {}) as Members
  const scheme = (name: string) => {
    const { description: _, bearerFormat: __, ...rest } = resolve(document, known[name])
    return rest
  }
  const keys = (security as Members[]).map((way) => JSON.stringify([way, Object.keys(way).map(scheme)]))
  return Object.fromEntries(keys.map((key) => [key, {}]))
}
