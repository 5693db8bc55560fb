/** `rekindle health`: 0 only when the service is ready, and one line whatever happens. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { freePort } from '../bench/throughput/process.ts'
import { done, failed, rekindle } from '../support/program.ts'
import { startService } from '../support/service.ts'

async function serverOf(t: TestContext, answer: RequestListener, host = '127.0.0.1'): Promise<string> {
  const server = createServer(answer).listen(0, host)
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return String((server.address() as AddressInfo).port)
}

const body = (code: number, message: string) =>
  JSON.stringify(code === 200 ? { code, data: { message } } : { code, message })

const answering =
  (status: number, text: string): RequestListener =>
  (_, response) =>
    response.writeHead(status, { Location: '/livez' }).end(text)

test('a service that is ready: 0, found by HOST and PORT or by its URL, whatever the other settings are', async (t) => {
  const { url } = await startService(t)
  const line = done(`${url}/readyz: 200 Ready`)
  const { port } = new URL(url)
  for (const HOST of ['', '127.0.0.1', '0.0.0.0'])
    assert.deepEqual(await rekindle(['health'], { HOST, PORT: port }), line)
  const wrong = {
    PORT: port,
    DATABASE_URL: 'nonsense',
    JWT_SECRET_KEY: 'short',
    ACCESS_TOKEN_EXPIRES_MINUTES: '1',
  }
  assert.deepEqual(await rekindle(['health'], wrong), line)
  for (const given of [url, `${url}/`]) assert.deepEqual(await rekindle(['health', '--url', given]), line)
})

test('HOST may be any IPv6 address', async (t) => {
  const PORT = await serverOf(t, answering(200, body(200, 'Ready')), '::1')
  for (const HOST of ['::', '::1'])
    assert.deepEqual(
      await rekindle(['health'], { HOST, PORT }),
      done(`http://[::1]:${PORT}/readyz: 200 Ready`),
    )
})

test('a service that drains: 1, and why', async (t) => {
  const { url, core } = await startService(t)
  core.shutdown.draining = true
  assert.deepEqual(await rekindle(['health', '--url', url]), failed(`${url}/readyz: 503 Shutting down.`))
})

describe('answers that are no success', () => {
  const cases: Record<string, [RequestListener, RegExp]> = {
    'another program that answers each path': [
      answering(200, '<h1>Hello</h1>'),
      /200, but not from Rekindle/,
    ],
    'JSON of another program': [answering(200, '{"status":"ok"}'), /200, but not from Rekindle/],
    'a redirection to something that answers 200': [answering(302, body(302, 'Found')), /302 Found/],
    'an answer without end': [
      (_, response) => {
        const write = () => {
          while (!response.destroyed && response.write('x'.repeat(65_536)));
        }
        response.on('drain', write)
        write()
      },
      /200, but not from Rekindle/,
    ],
    'control characters': [answering(503, body(503, '\u001b[2J')), /503 \\u\{1b\}\[2J/],
    'a connection that is closed': [(request) => request.socket.destroy(), /socket hang up|ECONNRESET/],
    'an answer that stops': [(_, response) => response.writeHead(200).write('{'), /no answer within 4 s/],
    'no answer': [() => {}, /no answer within 4 s/],
  }
  for (const [name, [answer, expected]] of Object.entries(cases)) {
    test(name, { timeout: 180_000 }, async (t) => {
      const PORT = await serverOf(t, answer)
      const { code, stdout, stderr } = await rekindle(['health'], { PORT })
      assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
      assert.match(stderr, new RegExp(`^rekindle: http://127\\.0\\.0\\.1:${PORT}/readyz: [^\n]*\n$`))
      assert.match(stderr, expected)
    })
  }

  test('nothing on the port', async () => {
    const port = await freePort()
    assert.deepEqual(
      await rekindle(['health'], { PORT: String(port) }),
      failed(`http://127.0.0.1:${port}/readyz: connect ECONNREFUSED 127.0.0.1:${port}`),
    )
  })
})

test('--wait waits until the service is ready, and no longer', { timeout: 180_000 }, async (t) => {
  let asked = 0
  const PORT = await serverOf(t, (request, response) => {
    asked++
    answering(asked < 4 ? 503 : 200, body(asked < 4 ? 503 : 200, 'so'))(request, response)
  })
  assert.deepEqual(
    await rekindle(['health', '--wait', '30'], { PORT }),
    done(`http://127.0.0.1:${PORT}/readyz: 200 so`),
  )
  assert.equal(asked, 4)
  const port = String(await freePort())
  assert.equal((await rekindle(['health', '--wait', '1'], { PORT: port })).code, 1)
})

test('--wait ends with the process that systemd has started', { timeout: 180_000 }, async (t) => {
  const PORT = await serverOf(t, answering(503, body(503, 'no')))
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const waiting = rekindle(['health', '--wait', '600'], { PORT, MAINPID: String(child.pid) })
  child.kill('SIGKILL')
  assert.deepEqual(await waiting, failed(`http://127.0.0.1:${PORT}/readyz: 503 no`))
})

test('wrong usage: 2', async () => {
  const wrong: [string[], object, RegExp][] = [
    [['--url', 'localhost:8787'], {}, /^rekindle: --url must be like/],
    [['--url', 'http://ada:secret@127.0.0.1/'], {}, /^rekindle: --url must be like [^@]*$/],
    [['--wait', 'long'], {}, /^rekindle: --wait must/],
    [['--wait', '0'], {}, /^rekindle: --wait must/],
    [[], { PORT: '0' }, /PORT=0 takes any free port/],
    [[], { PORT: 'many' }, /^rekindle: PORT must/],
    [[], { HOST: 'http://localhost' }, /^rekindle: HOST must/],
  ]
  for (const [args, env, expected] of wrong) {
    const { code, stdout, stderr } = await rekindle(['health', ...args], env)
    assert.deepEqual({ code, stdout }, { code: 2, stdout: '' }, args.join(' '))
    assert.match(stderr, expected)
    assert.equal(stderr.split('\n').length, 2)
  }
})
