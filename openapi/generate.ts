/**
 * Makes `generated/` from the contract: the bundled document (and its 3.0 form), types, validators, errors and routes.
 *
 *     node openapi/generate.ts           writes generated/
 *     node openapi/generate.ts --check   writes nothing, fails when generated/ is out of date
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { OpenAPI3 } from 'openapi-typescript'
import openapiTS, { astToString } from 'openapi-typescript'
import packageJson from '../package.json' with { type: 'json' }
import { toOpenApi30 } from './down-convert.ts'
import { errorsSource } from './errors.ts'
import type { Contract } from './routes.ts'
import { routesSource } from './routes.ts'
import { assertSupported } from './supported.ts'
import { validatorsSource } from './validators.ts'

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

async function generate(): Promise<Map<string, string>> {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-generate-'))
  try {
    const path = join(directory, 'openapi.json')
    const json = bundle(path)
    assertSupported(JSON.parse(json))
    const contract = JSON.parse(json) as Contract
    // One version for the package, the contract and /docs. `npm run release` raises it.
    const { version } = JSON.parse(json).info
    if (version !== packageJson.version)
      throw new TypeError(`openapi.yaml has the version ${version}, and package.json ${packageJson.version}`)
    return new Map([
      ['openapi.json', json],
      ['openapi-3.0.json', `${JSON.stringify(toOpenApi30(JSON.parse(json)), null, 2)}\n`],
      ['types.ts', note + astToString(await openapiTS(JSON.parse(json) as OpenAPI3))],
      ['schemas.ts', note + (await validatorsSource(path, directory))],
      ['errors.ts', note + errorsSource(contract)],
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
