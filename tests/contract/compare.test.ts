import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readAccepted } from '../../openapi/accepted.ts'
import { compareContracts } from '../../openapi/judge.ts'
import type { Row } from './compare-rows.ts'
import { breaking, compatible } from './compare-rows.ts'
import type { Edits } from './edited.ts'
import { edited } from './edited.ts'

// Not the last release: the changes of compare-rows.ts are changes of this one.
const released = readFileSync(new URL('../../openapi/released/0.1.0.json', import.meta.url), 'utf8')

function judge(row: Row) {
  const [before, edits] = Array.isArray(row) ? row : [{}, row]
  const old = edited(released, before)
  return compareContracts(JSON.parse(old), JSON.parse(edited(old, edits)))
}

for (const [name, row] of Object.entries(breaking)) {
  test(`breaking: ${name}`, () => {
    assert.ok(judge(row).some((change) => change.breaking))
  })
}

for (const [name, row] of Object.entries(compatible)) {
  test(`compatible: ${name}`, () => {
    assert.deepEqual(
      judge(row).filter((change) => change.breaking),
      [],
    )
  })
}

test('a schema that contains itself', () => {
  const session = '/components/schemas/Session'
  const parent = { $ref: '#/components/schemas/Session' }
  const changes = judge([
    { [`${session}/properties/parent`]: parent },
    { [`${session}/properties/device/type`]: 'integer' },
  ])
  assert.deepEqual(changes, [
    {
      breaking: true,
      where: 'contract GET /api/auth/sessions 200 application/json data sessions [] device',
      what: 'type ["string","null"] → "integer"',
    },
  ])
})

/** The command, with edits of the released contract and a list of accepted changes */
function command(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-compare-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const [before, after, list] = ['before.json', 'after.json', 'accepted.txt'].map((name) =>
    join(directory, name),
  ) as [string, string, string]
  const program = fileURLToPath(new URL('../../openapi/compare.ts', import.meta.url))
  return (edits: Edits, accepted: string) => {
    writeFileSync(before, released)
    writeFileSync(after, edited(released, edits))
    writeFileSync(list, `# What this file is\n\n${accepted}`)
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, before, after, list], {
      encoding: 'utf8',
    })
    return { status, stdout, stderr }
  }
}

const BREAKS: Edits = { '/paths/~1api~1auth~1me/get': undefined }
const BROKEN = 'contract: GET /api/auth/me removed'

test('a breaking change has to be accepted with a reason; a raised version does not hide it', (t) => {
  const run = command(t)
  assert.deepEqual(run(BREAKS, ''), {
    status: 1,
    stdout: `breaking    ${BROKEN}\n1 changes of the contract since 0.1.0, 1 of them breaking\n`,
    stderr: `breaking, and not in openapi/accepted-changes.txt with a reason: ${BROKEN}\n`,
  })
  for (const version of ['0.2.0', '1.0.0']) {
    assert.equal(run({ ...BREAKS, '/info/version': version }, '').status, 1)
  }
  assert.equal(run(BREAKS, `# Nobody used it.\n${BROKEN}\n`).status, 0)
  assert.equal(run(BREAKS, `${BROKEN}\n`).status, 1)
})

test('a list of accepted changes that is no longer true fails', (t) => {
  const run = command(t)
  const adds = { '/components/schemas/LoginRequest/properties/device': { type: 'string' } }
  assert.deepEqual(run(adds, ''), {
    status: 0,
    stdout:
      'compatible  contract POST /api/auth/login request body application/json: member device added\n' +
      '1 changes of the contract since 0.1.0, 0 of them breaking\n',
    stderr: '',
  })
  const { status, stderr } = run(adds, `# Nobody used it.\n${BROKEN}\n`)
  assert.deepEqual([status, stderr], [1, `in openapi/accepted-changes.txt, but no such change: ${BROKEN}\n`])
})

test('each accepted change has one reason', () => {
  assert.deepEqual(readAccepted('# About this file\n'), [])
  assert.deepEqual(readAccepted('# About\n\n# Why,\n# and how\na\nb\n\n# Why\nc\n'), ['a', 'b', 'c'])
  assert.throws(() => readAccepted('a\n'), /a change without a reason: a/)
  assert.throws(() => readAccepted('# About\n\n# Why\n'), /a reason without a change: # Why/)
  assert.throws(() => readAccepted('# Why\na\n\n# Why\na\n'), /listed twice: a/)
})

test('a version that was not released has no contract to compare with', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-compare-'))
  try {
    for (const name of ['openapi', 'generated'])
      cpSync(new URL(`../../${name}`, import.meta.url), join(directory, name), { recursive: true })
    const run = () =>
      spawnSync(process.execPath, [join(directory, 'openapi/compare.ts')], { encoding: 'utf8' })
    assert.equal(run().status, 0)
    const generated = join(directory, 'generated/openapi.json')
    writeFileSync(generated, edited(readFileSync(generated, 'utf8'), { '/info/version': '77.0.0' }))
    const { status, stderr } = run()
    assert.equal(status, 1)
    assert.match(stderr, /^77\.0\.0 was not released: only `npm run release` raises the version/)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
})
