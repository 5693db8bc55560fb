/** Which members of requests the handlers read: a documented one that nothing reads is a promise that nobody keeps. */
import { HonoRequest } from 'hono/request'
import type { ZodType } from 'zod'
import { routes } from '../../../generated/routes.ts'

type Members = Readonly<Record<string, unknown>>

const read = new Set<string>()

const recording = (schema: ZodType, prefix: string) =>
  schema.transform(
    (input) =>
      new Proxy(input as object, {
        get(target, name) {
          read.add(`${prefix} ${String(name)}`)
          return Reflect.get(target, name)
        },
      }),
  )

interface Request {
  query?: ZodType
  readonly body?: { readonly content: Readonly<Record<string, { schema: ZodType }>> }
}

/** Records from now on what is read, in every service that starts after this. */
export function recordReads(): void {
  for (const route of Object.values(routes)) {
    const { request = {} } = route as { readonly request?: Request }
    if (request.query !== undefined) request.query = recording(request.query, `${route.operationId} query`)
    for (const part of Object.values(request.body?.content ?? {}))
      part.schema = recording(part.schema, `${route.operationId} body`)
  }
  const header = HonoRequest.prototype.header as (name?: string) => string | undefined
  HonoRequest.prototype.header = function (this: HonoRequest, name?: string) {
    if (name !== undefined) read.add(`header ${name.toLowerCase()}`)
    return header.call(this, name)
  } as HonoRequest['header']
}

function members(
  document: Members,
  schema: { readonly $ref?: string; readonly properties?: Members },
): string[] {
  const name = schema.$ref?.split('/').at(-1)
  if (name === undefined) return Object.keys(schema.properties ?? {})
  const { schemas } = document['components'] as { readonly schemas: Readonly<Record<string, object>> }
  return members(document, schemas[name] ?? {})
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
}

/** @returns the documented members of bodies, queries and headers that no handler has read */
export function unread(document: Members): string[] {
  const operations = Object.values(document['paths'] as Record<string, Record<string, Operation>>)
  return operations
    .flatMap((methods) => Object.values(methods))
    .flatMap(({ operationId, parameters = [], requestBody }) => [
      ...(requestBody === undefined
        ? []
        : Object.values(requestBody.content)
            .flatMap(({ schema }) => members(document, schema))
            .map((name) => `${operationId} body ${name}`)),
      ...parameters.flatMap(({ in: place, name }) => {
        if (place === 'header') return `header ${name.toLowerCase()}`
        return place === 'query' ? `${operationId} query ${name}` : []
      }),
    ])
    .filter((member) => !read.has(member))
}
