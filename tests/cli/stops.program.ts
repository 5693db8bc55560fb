/** A signal to what an operator has started stops the service behind it, and no other signal harms it. */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync } from 'node:fs'
import { connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ENTRY } from '../support/program.ts'
import { until } from '../support/until.ts'
import { fileOf, freshDatabase } from './fixtures.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const ADDRESS = /(?:listens on|"url":"|listening on)\s*(http:\/\/[\w.:]+)/

interface Started {
  readonly child: ChildProcess
  readonly url: string
  readonly output: () => string
}

/** Starts a program as a shell does, in a process group of its own, and waits for its address. */
async function start(
  t: TestContext,
  [command, ...parameters]: readonly [string, ...string[]],
  { env = {}, cwd = ROOT }: { readonly env?: object; readonly cwd?: string } = {},
): Promise<Started> {
  const child = spawn(command, parameters, {
    cwd,
    // The Node of these tests, wherever the command looks for one.
    env: {
      PATH: `${dirname(process.execPath)}${delimiter}${process.env['PATH']}`,
      HOME: process.env['HOME'],
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  t.after(() => {
    try {
      process.kill(-Number(child.pid), 'SIGKILL')
    } catch {
      // All have ended.
    }
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  }
  await until(
    () => ADDRESS.test(output),
    () => `the address in ${output}`,
  )
  return { child, url: ADDRESS.exec(output)?.[1] ?? '', output: () => output }
}

/** Whether a process listens there */
function isOpen(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  return once(socket, 'connect').then(
    () => Boolean(socket.destroy()),
    () => false,
  )
}

const status = (url: string) =>
  fetch(url, { headers: { Connection: 'close' } }).then((answer) => answer.status)
const closes = (url: string) => until(async () => !(await isOpen(url)), `${url} closed`)

describe('SIGTERM stops what it was sent to, and the service drains', { timeout: 180_000 }, () => {
  test('npm start', async (t) => {
    const env = { ...freshDatabase(t), PORT: '0' }
    const { child, url, output } = await start(t, ['npm', 'start'], { env })
    child.kill('SIGTERM')
    await until(async () => (await status(`${url}/readyz`)) === 503, 'draining')
    await closes(url)
    await until(() => /stopped/.test(output()), output)
  })

  test('npx rekindle serve', async (t) => {
    const database = freshDatabase(t)
    const cwd = dirname(fileOf(database))
    mkdirSync(join(cwd, 'node_modules/.bin'), { recursive: true })
    symlinkSync(ENTRY, join(cwd, 'node_modules/.bin/rekindle'))
    const env = { ...database, PORT: '0' }
    const { child, url, output } = await start(t, ['npx', '--no', 'rekindle', 'serve'], { env, cwd })
    child.kill('SIGTERM')
    await until(async () => (await status(`${url}/readyz`)) === 503, 'draining')
    await closes(url)
    await until(() => /stopped/.test(output()), output)
  })

  test('npm run mock', async (t) => {
    const { child, url } = await start(t, ['npm', 'run', 'mock', '--', '--port', '0'])
    child.kill('SIGTERM')
    await closes(url)
  })
})

describe('other signals', { timeout: 180_000 }, () => {
  const node = (t: TestContext, env: object = {}) =>
    start(t, [process.execPath, ENTRY, 'serve'], { env: { ...freshDatabase(t), PORT: '0', ...env } })

  test('SIGQUIT stops it like SIGTERM', async (t) => {
    const { child, url } = await node(t)
    const ended = once(child, 'exit')
    child.kill('SIGQUIT')
    await until(async () => (await status(`${url}/readyz`)) === 503, 'draining')
    assert.deepEqual(await ended, [0, null])
  })

  test('SIGUSR1 opens no debugger, and with SIGUSR2 and SIGHUP leaves the service running', async (t) => {
    const { child, url, output } = await node(t)
    for (const signal of ['SIGUSR1', 'SIGUSR2', 'SIGHUP'] as const) {
      child.kill(signal)
      await until(() => output().includes(`signal ignored: settings`) && output().includes(signal), signal)
    }
    assert.doesNotMatch(output(), /Debugger/)
    assert.equal(await status(`${url}/readyz`), 200)
  })

  test('the same signal twice at once is one, as npm passes Ctrl-C on; a later one ends it', async (t) => {
    const { child, url, output } = await node(t, { DRAIN_SECONDS: '300' })
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    // Two that the kernel has not delivered yet would be one.
    await until(() => output().includes('draining'), 'draining')
    child.kill('SIGTERM')
    assert.equal(await status(`${url}/readyz`), 503)
    const end = () => child.kill('SIGTERM')
    const timer = setInterval(end, 100)
    t.after(() => clearInterval(timer))
    assert.deepEqual(await ended, [null, 'SIGTERM'])
  })

  test('a service in a terminal stops when the terminal is closed', {
    skip: process.platform !== 'linux' && 'script(1) has other options elsewhere',
  }, async (t) => {
    const env = { ...freshDatabase(t), PORT: '0' }
    const command = `${process.execPath} ${ENTRY} serve`
    const { child, url } = await start(t, ['script', '-qefc', command, '/dev/null'], { env })
    // What has the other end of the terminal is gone.
    child.kill('SIGKILL')
    await closes(url)
  })
})
