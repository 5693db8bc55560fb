/**
 * A handler that returns an undocumented status or body must not compile. For every operation of the contract a program
 * is written that tries this, and TypeScript has to refuse exactly the wrong lines.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { documented, operations } from '../support/check-response.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Example {
  readonly status: string
  readonly type: string
  readonly value: unknown
}

// Of responses without a body
const NONE = 'none'

/** The documented examples, one per status. */
function examples(operation: (typeof operations)[number]['operation']): Example[] {
  return Object.keys(operation.responses).flatMap((status) => {
    const { content } = documented(operation, status) ?? {}
    if (content === undefined) return [{ status, type: NONE, value: undefined }]
    return Object.entries(content).map(([type, { examples: named }]: [string, Named]) => ({
      ...{ status, type },
      value: Object.values(named ?? {})[0]?.value,
    }))
  })
}

interface Named {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

/** The expression that returns an example of the contract. */
function answer({ status, type, value }: Example): string | undefined {
  if (type === NONE) return `empty(${status})`
  if (type !== 'application/json') return `raw(${status}, ${JSON.stringify(type)}, ${JSON.stringify(value)})`
  const { status: kind, data, message, errors } = value as Record<string, unknown>
  if (errors !== undefined) return undefined // The answer of the validators, not of a handler.
  if (kind === 'success') return `success(${status}, ${JSON.stringify(data)})`
  if (kind === 'error') return `failure(${status}, ${JSON.stringify(message)})`
  return `json(${status}, ${JSON.stringify(value)})`
}

/** The same with one member too many, and without any members. */
function falsified(example: Example): string[] {
  if (example.type === NONE) return ['success(200, {})']
  const right = answer(example) ?? ''
  // The contract itself is the only body that allows unknown members.
  if (example.type !== 'application/json' || right.includes('"openapi"')) return ["raw(200, 'image/png', '')"]
  const without = right.replace(/\{.*\}/, '{}')
  // Introspection answers with any claims.
  if (right.includes('"active"')) return [without]
  return [right.replace(/\}\)$/, ', "undocumented": 1 })'), without]
}

interface Line {
  readonly code: string
  readonly compiles: boolean
}

function lines({ operation }: (typeof operations)[number]): Line[] {
  const id = operation.operationId
  const all = examples(operation)
  const [good] = all.filter(({ status }) => status.startsWith('2'))
  assert.ok(good !== undefined, id)
  const wrong = [
    ...falsified(good),
    "success(418, { message: 'I am a teapot' })",
    "failure(418, 'I am a teapot')",
    "failure(405, 'An undocumented message')",
    'new Response()',
    "({ status: 200, type: 'application/json', body: '{}' })",
    'undefined',
  ]
  const handler = (value: string) =>
    `h({ ${id}: async (_c, { success, failure, json, raw, empty }) => ${value} })`
  return [
    ...all
      .flatMap((example) => answer(example) ?? [])
      .map((value) => ({ code: handler(value), compiles: true })),
    ...wrong.map((value) => ({ code: handler(value), compiles: false })),
  ]
}

test('undocumented statuses and bodies do not compile, documented ones do, for every operation', (t) => {
  const program = operations.flatMap(lines)
  // Below node_modules, which a type check or lint at the same time ignores.
  const directory = mkdtempSync(join(root, 'node_modules/.rekindle-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const source = [
    "import type { Handlers } from '../../src/http/contract.ts'",
    'declare function h(handlers: Partial<Handlers>): void',
    ...program.map(({ code, compiles }) => (compiles ? code : `// @ts-expect-error\n${code}`)),
  ].join('\n')
  writeFileSync(join(directory, 'handlers.ts'), source)
  // Complaints about unused parameters would count as refusals.
  const compilerOptions = { noUnusedParameters: false }
  const config = { extends: '../../tsconfig.json', compilerOptions, include: ['handlers.ts'], exclude: [] }
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config))

  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout, status } = spawnSync(process.execPath, [tsc, '-p', directory], { encoding: 'utf8' })
  const text = source.split('\n')
  const told = [...stdout.matchAll(/\((\d+),\d+\): error .*/g)].map(
    ([error, line]) => `${error}\n${text[Number(line) - 1]}\n${text[Number(line)]}`,
  )
  assert.equal(told.slice(0, 5).join('\n'), '')
  assert.equal(status, 0, stdout)
  const refused = program.filter(({ compiles }) => !compiles).length
  assert.ok(refused >= operations.length * 7)
  t.diagnostic(
    `${operations.length} operations: ${program.length - refused} answers compile, ${refused} do not`,
  )
})
