/** Makes `generated/schemas.ts`: validators of requests, which accept exactly what the contract says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createClient } from '@hey-api/openapi-ts'
import { DATE_TIME } from '../src/date-time.ts'

/** A check of the server, which is stricter than the pattern that the contract can give to all languages */
type ServerCheck =
  | { readonly pattern: string; readonly message: string }
  // Several generators cannot express `anyOf` of the formats ipv4 and ipv6.
  | { readonly format: 'ip' }

// Zod's own checks of these formats refuse valid values.
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i
const FORMATS = `
const zUuid = z.string().regex(${UUID}, 'malformed: Expected a UUID');

const zDateTime = z.string().regex(${DATE_TIME}, 'malformed: Expected a date and time with an offset, as in RFC 3339');

const zIp = z.union([z.ipv4(), z.ipv6()]);
`

/**
 * Makes validators of requests only. Their messages are a reason for programs and words for people: see
 * src/http/pipeline/invalid-members.ts. The compiler and the tests check the responses.
 */
export async function validatorsSource(contract: string, directory: string): Promise<string> {
  await createClient({
    input: contract,
    output: join(directory, 'zod'),
    logs: { level: 'silent' },
    plugins: [
      {
        name: 'zod',
        responses: false,
        definitions: true,
        webhooks: false,
        $resolvers: {
          // The plugin ignores `additionalProperties: false`, but a misspelt member must be refused.
          object(ctx) {
            const additional = ctx.schema.additionalProperties
            if (additional !== false && additional?.type !== 'never') return undefined
            const shape = ctx.nodes.shape(ctx)
            ctx.nodes.base = () => ctx.$(ctx.plugin.imports.z).attr('strictObject').call(shape)
            return undefined
          },
          string(ctx) {
            const { minLength = 0, maxLength, pattern: ownPattern } = ctx.schema
            const { 'x-server-check': check } = ctx.schema as { readonly 'x-server-check'?: ServerCheck }
            const must = (source: string, flags: 'u' | 'su', message: string) =>
              ctx.chain.current.attr('regex').call(ctx.$.regexp(source, flags), ctx.$.literal(message))
            // Zod's min and max count UTF-16 code units. JSON Schema's minLength and maxLength count characters.
            if (minLength > 0) {
              const words = `too_short: Expected at least ${minLength} ${minLength === 1 ? 'character' : 'characters'}`
              ctx.nodes.minLength = () => must(`^.{${minLength},}$`, 'su', words)
            }
            if (maxLength !== undefined) {
              const words = `too_long: Expected at most ${maxLength} characters`
              ctx.nodes.maxLength = () => must(`^.{0,${maxLength}}$`, 'su', words)
            }
            if (check !== undefined && 'format' in check) {
              ctx.nodes.pattern = () => ctx.chain.current.attr('pipe').call(ctx.$('zIp'))
              return undefined
            }
            // A text that fails the contract's pattern fails the server's as well.
            const { pattern, message } = check ?? {
              pattern: ownPattern,
              message: `Expected a text that matches ${ownPattern}`,
            }
            if (pattern !== undefined) ctx.nodes.pattern = () => must(pattern, 'u', `malformed: ${message}`)
            return undefined
          },
        },
      },
    ],
  })
  const source = readFileSync(join(directory, 'zod/zod.gen.ts'), 'utf8')
  return source
    .replace(/^import .*\n/m, (line) => line + FORMATS)
    .replaceAll('z.uuid()', 'zUuid')
    .replaceAll('z.iso.datetime()', 'zDateTime')
    .replaceAll(/^export const z\w+Query = .*?^\}\);$/gms, queryOfText)
}

/** Query parameters are text, so numbers are read from plain digits. A misspelt parameter is refused. */
const queryOfText = (schema: string) =>
  schema
    .replace('z.object(', 'z.strictObject(')
    .replaceAll(
      /z\.int\(\)((?:\.[gl]te\(-?\d+\))*)/g,
      "z.string().regex(/^(0|-?[1-9]\\d*)$/, 'malformed: Expected a whole number').transform(Number).pipe(z.int()$1)",
    )
