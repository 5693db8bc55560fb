/**
 * Finds what the contract promises of responses and no response has shown: values of an enum that are never sent, members
 * and headers that are never sent, or always sent and yet optional, and members that are never null.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Observed } from '../../support/check-response.ts'

type Members = Readonly<Record<string, unknown>>

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly 'x-extensible-enum'?: readonly unknown[]
  readonly required?: readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
}

interface Place {
  /** Of the schema in the document: what is promised once has to be kept somewhere */
  readonly pointer: string
  /** In the responses of an operation: what is optional has to be optional for each */
  readonly where: string
}

/** By promise: the ways in which it has to be seen, or those in which it was */
type Ways = Map<string, unknown[]>

function add(ways: Ways, promise: string, ...seen: readonly unknown[]): void {
  const known = ways.get(promise) ?? []
  if (known.length === 0) ways.set(promise, known)
  for (const way of seen) if (!known.some((one) => isDeepStrictEqual(one, way))) known.push(way)
}

function at(document: Members, pointer: string): unknown {
  const keys = pointer.split('/').slice(1)
  return keys.reduce<unknown>(
    (part, key) => (part as Members | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
    document,
  )
}

const escaped = (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1')

/** Follows a reference, as long as there is one. */
function resolve<T extends { readonly $ref?: string }>(document: Members, pointer: string): [string, T] {
  const part = at(document, pointer) as T
  return part.$ref === undefined ? [pointer, part] : resolve(document, part.$ref)
}

/** Both walks: without a value, what a schema promises; with one, what the value shows of it. */
function walk(document: Members, ways: Ways, place: Place, ...values: readonly unknown[]): void {
  const [pointer, schema] = resolve<Schema>(document, place.pointer)
  const { where } = place
  const isPromise = values.length === 0
  const [value] = values
  const known = schema.enum ?? schema['x-extensible-enum']
  if (known !== undefined) add(ways, `${pointer} is`, ...(isPromise ? known : [value]))
  if (Array.isArray(schema.type) && schema.type.includes('null'))
    add(ways, `${pointer} is null`, ...(isPromise ? [true, false] : [value === null]))
  if (schema.items !== undefined && (isPromise || Array.isArray(value))) {
    const item = { pointer: `${pointer}/items`, where: `${where}[]` }
    if (isPromise) walk(document, ways, item)
    for (const one of (value ?? []) as unknown[]) walk(document, ways, item, one)
  }
  if (!isPromise && (typeof value !== 'object' || value === null)) return
  for (const name of Object.keys(schema.properties ?? {})) {
    const member = { pointer: `${pointer}/properties/${escaped(name)}`, where: `${where}.${name}` }
    const isSent = !isPromise && Object.hasOwn(value as object, name)
    if (schema.required?.includes(name) !== true)
      add(ways, `${member.where} is sent`, ...(isPromise ? [true, false] : [isSent]))
    if (isPromise) walk(document, ways, member)
    else if (isSent) walk(document, ways, member, (value as Members)[name])
  }
}

interface Response {
  readonly $ref?: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content?: Readonly<Record<string, unknown>>
}

/** One response of an operation, as a promise or as it was seen */
function visit(document: Members, ways: Ways, where: string, pointer: string, seen?: Observed): void {
  const [target, response] = resolve<Response>(document, pointer)
  for (const name of Object.keys(response.headers ?? {})) {
    const [header, { required }] = resolve<{ readonly $ref?: string; readonly required?: boolean }>(
      document,
      `${target}/headers/${name}`,
    )
    const sent = seen?.headers.get(name) ?? null
    if (required !== true) add(ways, `${where} ${name} is sent`, ...(seen ? [sent !== null] : [true, false]))
    const place = { pointer: `${header}/schema`, where: `${where} ${name}` }
    if (seen === undefined) walk(document, ways, place)
    else if (sent !== null) walk(document, ways, place, sent)
  }
  if (response.content?.['application/json'] === undefined) return
  const place = { pointer: `${target}/content/application~1json/schema`, where: `${where} body` }
  if (seen === undefined) walk(document, ways, place)
  else if (seen.body !== undefined) walk(document, ways, place, seen.body)
}

/** @returns each promise of the contract's responses that the observed ones do not keep */
export function unkept(document: Members, observed: readonly Observed[]): string[] {
  const [promised, shown]: readonly [Ways, Ways] = [new Map(), new Map()]
  for (const [path, methods] of Object.entries(document['paths'] as Record<string, Members>))
    for (const [method, operation] of Object.entries(methods)) {
      const { operationId, responses } = operation as { operationId: string; responses: Members }
      for (const status of Object.keys(responses)) {
        const where = `${operationId} ${status}`
        const pointer = `#/paths/${escaped(path)}/${method}/responses/${status}`
        visit(document, promised, where, pointer)
        for (const one of observed)
          if (one.operationId === operationId && String(one.status) === status)
            visit(document, shown, where, pointer, one)
      }
    }
  return [...promised].flatMap(([promise, ways]) => {
    const seen = shown.get(promise) ?? []
    const missing = ways.filter((way) => !seen.some((one) => isDeepStrictEqual(one, way)))
    return missing.map((way) => `${promise}: never ${JSON.stringify(way)}`)
  })
}
