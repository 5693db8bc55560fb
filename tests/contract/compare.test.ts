import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { compareContracts } from '../../openapi/judge.ts'
import type { Edits, Row } from './compare-rows.ts'
import { breaking, compatible } from './compare-rows.ts'

const released = readFileSync(new URL('../../openapi/released/openapi.json', import.meta.url), 'utf8')

function edited(text: string, edits: Edits): string {
  const document = JSON.parse(text)
  for (const [pointer, value] of Object.entries(structuredClone(edits))) {
    const keys = pointer.split('/').slice(1)
    const last = keys.pop() ?? ''
    const plain = (key: string) => key.replaceAll('~1', '/')
    const at = keys.reduce((inner, key) => inner[plain(key)], document)
    assert.ok(at !== undefined && (value !== undefined || plain(last) in at), `nothing at ${pointer}`)
    if (last === '-') at.push(value)
    else if (value !== undefined) at[plain(last)] = value
    else if (Array.isArray(at)) at.splice(Number(last), 1)
    else delete at[plain(last)]
  }
  return JSON.stringify(document)
}

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

test('the command fails on a breaking change, unless the version says so', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-compare-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const command = fileURLToPath(new URL('../../openapi/compare.ts', import.meta.url))
  const run = (from: string, to: string, edits: Edits) => {
    const [before, after] = [join(directory, 'before.json'), join(directory, 'after.json')]
    writeFileSync(before, edited(released, { '/info/version': from }))
    writeFileSync(after, edited(released, { '/info/version': to, ...edits }))
    const { status, stdout } = spawnSync(process.execPath, [command, before, after], { encoding: 'utf8' })
    return { status, stdout }
  }
  const breaks = { '/paths/~1api~1auth~1me/get': undefined }
  const adds = { '/components/schemas/LoginRequest/properties/device': { type: 'string' } }
  assert.deepEqual(run('0.1.0', '0.1.1', breaks), {
    status: 1,
    stdout:
      'breaking    contract: GET /api/auth/me removed\n1 changes of the contract since 0.1.0, 1 of them breaking\n',
  })
  assert.deepEqual(run('0.1.0', '0.1.1', adds), {
    status: 0,
    stdout:
      'compatible  contract POST /api/auth/login request body application/json: member device added\n' +
      '1 changes of the contract since 0.1.0, 0 of them breaking\n',
  })
  assert.equal(run('0.1.0', '0.2.0', breaks).status, 0)
  assert.equal(run('0.2.0', '1.0.0', breaks).status, 0)
  assert.equal(run('1.1.0', '1.2.0', breaks).status, 1)
  assert.equal(run('1.1.0', '2.0.0', breaks).status, 0)
})
