/** The contract that this version of the package ships, as the checks of responses read it. */
import { readFileSync } from 'node:fs'
import type { ValidateFunction } from 'ajv/dist/2020.js'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { closed } from './closed.ts'

interface Example {
  readonly 'x-error'?: string
  readonly value: { readonly message?: string }
}
export interface Header {
  readonly required?: boolean
  readonly schema?: { readonly type?: string }
  readonly $ref?: string
}
export interface Documented {
  readonly headers?: Readonly<Record<string, Header>>
  readonly content?: Readonly<
    Record<string, { readonly schema: object; readonly examples?: Readonly<Record<string, Example>> }>
  >
  readonly $ref?: string
}
export interface Operation {
  readonly operationId: string
  readonly responses: Readonly<Record<string, Documented>>
}
interface Contract {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly webhooks: Readonly<Record<'securityEvent', object>>
  readonly components: {
    readonly schemas: Readonly<Record<string, object>>
    readonly responses: Readonly<Record<string, Documented>>
    readonly headers: Readonly<Record<string, Header>>
  }
}

export const contract: Contract = JSON.parse(
  readFileSync(new URL('../../generated/openapi.json', import.meta.url), 'utf8'),
)

// `npm run generate:check` validates the contract itself.
const ajv = new Ajv2020({ strict: false, allErrors: true, validateSchema: false })
addFormats.default(ajv)
ajv.addSchema(closed(contract), 'contract')

// References inside the document resolve against the document.
const absolute = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value).replaceAll('"#/', '"contract#/'))

/** What matches the paths of a template */
const patternOf = (template: string) =>
  new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)

/** Every operation of the contract, with what matches its path. */
export const operations = Object.entries(contract.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({
    ...{ method: method.toUpperCase(), path, operation },
    pattern: patternOf(path),
  })),
)

/** @returns the status's response as documented, references resolved */
export function documented(operation: Operation, status: number | string): Documented | undefined {
  const response = operation.responses[status]
  const name = response?.$ref?.split('/').at(-1)
  return name === undefined ? response : contract.components.responses[name]
}

/** The headers of a response by name, references resolved */
export const headersOf = ({ headers = {} }: Documented): Readonly<Record<string, Header>> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, { $ref, ...own }]) => {
      const shared = $ref === undefined ? {} : contract.components.headers[$ref.split('/').at(-1) ?? '']
      return [name, { ...shared, ...own }]
    }),
  )

/** Judges values by a schema of the contract. */
export const validator = (schema: object): ValidateFunction => ajv.compile(absolute(closed(schema)) as object)

const validators = new Map<object, ValidateFunction>()

/** @returns how a value differs from a schema; it repeats nothing of the value but names of members */
export function faultsOf(schema: object, value: unknown, what: string): string[] {
  const validate = validators.get(schema) ?? validator(schema)
  validators.set(schema, validate)
  if (validate(value)) return []
  return (validate.errors ?? []).map(({ instancePath, message, params }) => {
    const name: unknown = params['additionalProperty']
    return `${what}${instancePath} ${message}${name === undefined ? '' : `: ${name}`}`
  })
}
