/** `rekindle conform`: what it prints, writes and exits with. What it finds: tests/conform. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { freePort } from '../bench/throughput/process.ts'
import { startProxy } from '../conform/proxy.ts'
import { temporaryDirectory } from '../docs/walk.ts'
import { ENTRY, failed, rekindle } from '../support/program.ts'
import { ADMIN_TOKEN, PASSWORD, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

test('a server without differences: 0, and the table of responses and rules', async (t) => {
  const { url } = await startService(t)
  const { code, stdout, stderr } = await rekindle(['conform', '--url', `${url}/`])
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^OPERATION +STATUS +EXAMPLE +OUTCOME +WHY$/m)
  assert.match(stdout, /^refreshToken +200 +header +reached$/m)
  assert.match(stdout, /^refreshToken +401 +expired +not reached +needs a token that has expired$/m)
  assert.match(stdout, /^listUsers +200 +last_page +not reached +needs ADMIN_TOKEN$/m)
  assert.match(stdout, /^a logout ends the session +holds$/m)
  const [left, summary, ...more] = stderr.trimEnd().split('\n')
  assert.match(left ?? '', /^rekindle: the user conform-\w+ is left, and nobody has its password$/)
  assert.match(summary ?? '', /^rekindle: \d+ of \d+ documented responses reached, 12 of 18 rules hold$/)
  assert.deepEqual(more, [])
})

test('ADMIN_TOKEN is from the environment or a file; the results are JSON and JUnit as well', async (t) => {
  const { url } = await startService(t)
  const directory = temporaryDirectory(t)
  const [token, junit] = [join(directory, 'token'), join(directory, 'junit.xml')]
  writeFileSync(token, ADMIN_TOKEN)
  const args = ['conform', '--url', url, '--json', '--junit', junit]
  const { code, stdout, stderr } = await rekindle(args, { ADMIN_TOKEN_FILE: token })
  assert.equal(code, 0, stderr)
  const report = JSON.parse(stdout)
  assert.deepEqual([report.url, report.stateless, report.differences], [url, false, []])
  const reached = report.responses.filter(({ outcome }: { outcome: string }) => outcome === 'reached').length
  assert.ok(reached > 200)
  const xml = readFileSync(junit, 'utf8')
  assert.match(xml, /<testsuite name="login" tests="\d+" failures="0" skipped="\d+">/)
  assert.match(xml, /<testcase classname="login" name="200 header"\/>/)
  assert.match(xml, /<testcase classname="me" name="401 expired"><skipped message="needs a token/)
  assert.equal(xml.match(/<testcase /g)?.length, report.responses.length + report.rules.length)
  assert.ok(![stdout, stderr, xml].some((text) => text.includes(ADMIN_TOKEN)))
})

test('differences: 1, a line for each, and failures in JUnit', async (t) => {
  const service = await startService(t)
  const { url } = await startProxy(t, service.url, {
    lie: (answer) => {
      if (answer.path === '/livez') answer.body = answer.body.replace('{', '{"<&\\u0000\\"":1,')
    },
  })
  const junit = join(temporaryDirectory(t), 'junit.xml')
  const { code, stderr } = await rekindle(['conform', '--url', url, '--junit', junit])
  assert.equal(code, 1)
  assert.match(stderr, /^rekindle: livez 200: body must NOT have additional properties: <&\\u\{0\}"$/m)
  assert.match(stderr, /^rekindle: \d+ differences? from the contract$/m)
  const failure =
    '<failure message="body must NOT have additional properties: &lt;&amp;\ufffd&quot;"/></testcase>'
  assert.ok(readFileSync(junit, 'utf8').includes(`<testcase classname="livez" name="200 ok">${failure}`))
})

test('--require-all: what was not reached fails', async (t) => {
  const { url } = await startService(t)
  const { code, stderr } = await rekindle(['conform', '--url', url, '--require-all'])
  assert.equal(code, 1)
  assert.match(stderr, /^rekindle: \d+ responses not reached$/m)
})

test('a given account, below a path', async (t) => {
  const service = await startService(t, { registration: 'closed' })
  await service.request('/admin/users', {
    bearer: ADMIN_TOKEN,
    json: { username: 'ada', password: PASSWORD },
  })
  const proxy = await startProxy(t, service.url, { below: '/auth' })
  const file = join(temporaryDirectory(t), 'password')
  writeFileSync(file, `${PASSWORD}\n`)
  const args = ['conform', '--url', `${proxy.url}/auth`, '--username', 'ada', '--password-file', file]
  const { code, stderr } = await rekindle(args)
  assert.equal(code, 0, stderr)
  assert.ok(proxy.asked.length > 100)
  assert.ok(!stderr.includes(PASSWORD))
  assert.equal((await service.tryLogin()).status, 200)
})

describe('wrong usage, or nobody there: 2, and one line', () => {
  const cases: [string[], RegExp][] = [
    [['conform'], /^rekindle: required option '--url <url>' not specified$/],
    [['conform', '--url', 'localhost:8787'], /^rekindle: --url must be like/],
    [['conform', '--url', 'http://ada:secret@localhost'], /^rekindle: --url must be like [^@]*$/],
    [['conform', '--url', 'http://127.0.0.1:1', '--max-wait', 'long'], /^rekindle: --max-wait must be/],
    [
      ['conform', '--url', 'http://127.0.0.1:1', '--username', 'ada'],
      /^rekindle: --username and --password-file/,
    ],
    [
      ['conform', '--url', 'http://127.0.0.1:1', '--username', 'ada', '--password-file', '/nowhere/x'],
      /^rekindle: --password-file cannot be read: ENOENT/,
    ],
    [
      ['conform', '--url', 'http://127.0.0.1:1', '--junit', '/nowhere/x'],
      /^rekindle: --junit cannot be written: ENOENT/,
    ],
    [
      ['conform', '--url', 'http://127.0.0.1:1', '--admin-token', 'x'],
      /^rekindle: unknown option '--admin-token'$/,
    ],
  ]
  for (const [args, expected] of cases)
    test(args.join(' '), async () => {
      const { code, stdout, stderr } = await rekindle(args)
      assert.match(stderr.trimEnd(), expected)
      assert.deepEqual({ code, stdout }, { code: 2, stdout: '' })
    })

  test('nothing on the port', async () => {
    const url = `http://127.0.0.1:${await freePort()}`
    const message = `${url}/: no answer: connect ECONNREFUSED ${new URL(url).host}`
    assert.deepEqual(await rekindle(['conform', '--url', url]), failed(message, 2))
  })

  test('registration is closed, or ADMIN_TOKEN is another one', async (t) => {
    const { url } = await startService(t, { registration: 'closed' })
    const closed = await rekindle(['conform', '--url', url])
    assert.deepEqual([closed.code, closed.stdout], [2, ''])
    assert.match(closed.stderr, /: registration is closed: set ADMIN_TOKEN, or give --username/)
    const refused = await rekindle(['conform', '--url', url], { ADMIN_TOKEN: 'x'.repeat(40) })
    assert.deepEqual(refused, failed(`${url}/: ADMIN_TOKEN is not the one of the server`, 2))
  })
})

test('Ctrl-C: it cleans up, and says that it was stopped', { timeout: 180_000 }, async (t) => {
  const service = await startService(t)
  const { url, asked } = await startProxy(t, service.url)
  const env = { PATH: process.env['PATH'], ADMIN_TOKEN }
  const child = spawn(process.execPath, [ENTRY, 'conform', '--url', url], { env })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const closed = once(child, 'close')
  await until(() => asked.length > 20)
  child.kill('SIGINT')
  await closed
  assert.equal(child.exitCode, 1)
  assert.match(stderr, /^rekindle: stopped by SIGINT$/m)
  assert.deepEqual(await service.core.db.selectFrom('users').selectAll().execute(), [])
})
