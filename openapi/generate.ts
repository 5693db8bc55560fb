/**
 * Makes `generated/` from the contract: the bundled document, types, validators and routes.
 *
 *     node openapi/generate.ts           writes generated/
 *     node openapi/generate.ts --check   writes nothing, fails when generated/ is out of date
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient } from '@hey-api/openapi-ts'
import type { OpenAPI3 } from 'openapi-typescript'
import openapiTS, { astToString } from 'openapi-typescript'
import type { Contract } from './routes.ts'
import { routesSource } from './routes.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const note = '// Made from openapi/ by `npm run generate`. Never edit.\n\n'

function bundle(target: string): string {
  execFileSync(
    process.execPath,
    [join(root, 'node_modules/@redocly/cli/bin/cli.js'), 'bundle', 'rekindle', '--output', target],
    {
      cwd: root,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' },
    },
  )
  return readFileSync(target, 'utf8')
}

/** Makes validators of requests only. The compiler and the tests check the responses. */
async function schemas(contract: string, directory: string): Promise<string> {
  await createClient({
    input: contract,
    output: join(directory, 'zod'),
    logs: { level: 'silent' },
    plugins: [
      {
        name: 'zod',
        responses: false,
        definitions: true,
        $resolvers: {
          // The plugin ignores `additionalProperties: false`, but a misspelt member must be refused.
          object(ctx) {
            const additional = ctx.schema.additionalProperties
            if (additional !== false && additional?.type !== 'never') return undefined
            const shape = ctx.nodes.shape(ctx)
            ctx.nodes.base = () => ctx.$(ctx.plugin.imports.z).attr('strictObject').call(shape)
            return undefined
          },
          // Zod's min and max count UTF-16 code units. JSON Schema's minLength and maxLength count characters.
          string(ctx) {
            const { minLength = 0, maxLength } = ctx.schema
            if (minLength < 2 && maxLength === undefined) return undefined
            const pattern = ctx.$.regexp(`^.{${minLength},${maxLength ?? ''}}$`, 'su')
            const message = ctx.$.literal(
              `Expected ${minLength} to ${maxLength ?? 'any number of'} characters`,
            )
            ctx.nodes.minLength = () => ctx.chain.current.attr('regex').call(pattern, message)
            ctx.nodes.maxLength = () => undefined
            return undefined
          },
        },
      },
    ],
  })
  const source = readFileSync(join(directory, 'zod/zod.gen.ts'), 'utf8')
  return source.replaceAll(/^export const z\w+Query = .*?^\}\);$/gms, queryOfText)
}

/** Query parameters are text, so numbers are read from plain digits. A misspelt parameter is refused. */
const queryOfText = (schema: string) =>
  schema
    .replace('z.object(', 'z.strictObject(')
    .replaceAll(
      /z\.int\(\)((?:\.[gl]te\(-?\d+\))*)/g,
      "z.string().regex(/^(0|-?[1-9]\\d*)$/, 'Expected a whole number').transform(Number).pipe(z.int()$1)",
    )

async function generate(): Promise<Map<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-generate-'))
  try {
    const path = join(directory, 'openapi.json')
    const json = bundle(path)
    const contract = JSON.parse(json) as Contract
    return new Map([
      ['openapi.json', json],
      ['types.ts', note + astToString(await openapiTS(JSON.parse(json) as OpenAPI3))],
      ['schemas.ts', note + (await schemas(path, directory))],
      ['routes.ts', note + routesSource(contract)],
    ])
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

const made = await generate()
const target = join(root, 'generated')
if (process.argv.includes('--check')) {
  const present = readdirSync(target)
  const names = new Set([...present, ...made.keys()])
  const wrong = [...names].filter(
    (name) => !present.includes(name) || readFileSync(join(target, name), 'utf8') !== made.get(name),
  )
  for (const name of wrong) console.error(`generated/${name} is out of date: run npm run generate`)
  process.exitCode = wrong.length > 0 ? 1 : 0
} else {
  for (const [name, text] of made) writeFileSync(join(target, name), text)
}
