/** Writes `generated/routes.ts`: a route of @hono/zod-openapi for each operation, named by its `operationId`. */

/** The parts of a bundled OpenAPI 3.1 document that are needed here. */
export interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly responses: Readonly<Record<string, { readonly description: string }>> }
}
interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, unknown>> }
  readonly responses: Readonly<Record<string, { readonly description?: string; readonly $ref?: string }>>
}

// The names that the zod plugin gives: login → zLoginBody, endSession → zEndSessionPath, listUsers → zListUsersQuery.
const schemaName = (id: string, part: 'Body' | 'Headers' | 'Path' | 'Query') =>
  `z${id[0]?.toUpperCase()}${id.slice(1)}${part}`

function routeSource(contract: Contract, path: string, method: string, operation: Operation): string {
  const { operationId: id, tags, summary, parameters = [], requestBody } = operation
  const hasIn = (place: string) => parameters.some((parameter) => parameter.in === place)
  const request = [
    hasIn('path') && `params: ${schemaName(id, 'Path')}`,
    hasIn('query') && `query: ${schemaName(id, 'Query')}`,
    hasIn('header') && `headers: ${schemaName(id, 'Headers')}`,
    requestBody !== undefined &&
      `body: { required: true, content: { '${Object.keys(requestBody.content)[0]}': { schema: ${schemaName(id, 'Body')} } } }`,
  ].filter((part) => part !== false)
  const responses = Object.entries(operation.responses).map(([status, response]) => {
    const name = response.$ref?.split('/').at(-1)
    const description =
      name === undefined ? response.description : contract.components.responses[name]?.description
    return `      ${status}: { description: ${JSON.stringify(description)} },`
  })
  return [
    `  ${id}: createRoute({`,
    `    operationId: '${id}',`,
    `    method: '${method}',`,
    `    path: '${path}',`,
    `    tags: ${JSON.stringify(tags)},`,
    `    summary: ${JSON.stringify(summary)},`,
    ...(request.length > 0 ? [`    request: { ${request.join(', ')} },`] : []),
    '    responses: {',
    ...responses,
    '    },',
    '  }),',
  ].join('\n')
}

/** `security` is left out because @hono/zod-openapi loses the handler's types with two schemes. */
export function routesSource(contract: Contract): string {
  const routes = Object.entries(contract.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => routeSource(contract, path, method, operation)),
  )
  const used = [...new Set(routes.join('\n').match(/\bz[A-Z]\w+/g))].sort()
  return [
    "import { createRoute } from '@hono/zod-openapi'",
    `import { ${used.join(', ')} } from './schemas.ts'`,
    '',
    'export const routes = {',
    ...routes,
    '} as const',
    '',
  ].join('\n')
}
