/** systemd's own opinion of the unit. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { pageAt } from '../docs/pages.ts'
import { replaced } from './proxy.ts'

const skip =
  spawnSync('systemd-analyze', ['--version']).status !== 0 && 'NOT TESTED: systemd-analyze is not installed'
if (skip) console.error(skip)

// Of 10, where 10 is no sandbox at all. docs/deployment.md has the number.
const EXPOSURE = 1.4

test('the unit is valid, and its sandbox is tight', { skip }, (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-unit-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const file = join(directory, 'rekindle@8787.service')
  writeFileSync(
    file,
    replaced(pageAt('docs/deploy/rekindle@.service'), [/\/usr\/bin\/node/g, process.execPath]),
  )
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' })
  assert.deepEqual({ status, stderr }, { status: 0, stderr: '' })
  const report = execFileSync('systemd-analyze', ['security', '--offline=true', file], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_COLORS: '0' },
  })
  const exposure = /Overall exposure level for \S+: ([\d.]+)/.exec(report)?.[1]
  assert.ok(Number(exposure) <= EXPOSURE, exposure)
})
