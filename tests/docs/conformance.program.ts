/** The workflow of `docs/conformance.md`: ten lines, and a command that works. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { rekindle } from '../support/program.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'
import { blocksOf, pageAt, sectionOf } from './pages.ts'
import { temporaryDirectory } from './walk.ts'

const [workflow = ''] = blocksOf(sectionOf('docs/conformance.md', 'In your CI'), 'yaml')

test('the workflow has ten lines, and its command passes with a service', async (t) => {
  assert.equal(workflow.trimEnd().split('\n').length, 10)
  const [, command = ''] = /- run: npx rekindle (.*)/.exec(workflow) ?? []
  const { url } = await startService(t)
  const junit = join(temporaryDirectory(t), 'conform.xml')
  const args = command.replace('https://auth.example.com', url).replace('conform.xml', junit).split(' ')
  const { code, stderr } = await rekindle(args, { ADMIN_TOKEN })
  assert.equal(code, 0, stderr)
  assert.match(readFileSync(junit, 'utf8'), /^<\?xml .*<\/testsuites>\n$/s)
})

test('the options of the page are those of the command', async () => {
  const { stdout } = await rekindle(['conform', '--help'])
  const told = [...stdout.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option)
  const page = pageAt('docs/conformance.md')
  assert.ok(told.length > 8)
  for (const option of told) if (option !== '--help') assert.ok(page.includes(`${option}`), option)
  const listed = [...page.matchAll(/^\| `(--[\w-]+)/gm)].map(([, option]) => option)
  for (const option of listed) assert.ok(told.includes(option), option)
})
