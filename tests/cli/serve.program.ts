import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request } from 'node:http'
import { getPriority } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { describe, test } from 'node:test'
import { freePort } from '../bench/throughput/process.ts'
import { checkedFetch } from '../support/check-response.ts'
import { finish, MAIN, rekindle, start } from '../support/program.ts'
import type { ServiceProcess } from '../support/service-process.ts'
import { post, spawnService } from '../support/service-process.ts'
import { PASSWORD } from '../support/values.ts'
import type { Place } from './fixtures.ts'
import { fileOf, freshDatabase } from './fixtures.ts'

const USER = { username: 'ada', password: PASSWORD }

async function addUser(database: Place): Promise<void> {
  assert.equal((await rekindle(['users', 'add', USER.username], database, `${PASSWORD}\n`)).code, 0)
}

describe('beside the running service', { concurrency: 2 }, () => {
  test('a user that was added logs in, and a session that was revoked is over', async (t) => {
    const database = freshDatabase(t)
    const service = await spawnService(t, database)
    await addUser(database)
    const login = await post(`${service.url}/api/auth/login`, { body: USER })
    assert.equal(login.status, 200)
    const refresh = (token = '') => post(`${service.url}/refresh_token`, { token })
    const refreshed = await refresh(login.body.data['refresh_token'])
    assert.equal(refreshed.status, 200)

    const [session, ...others] = JSON.parse((await rekindle(['sessions', 'list', '--json'], database)).stdout)
    assert.deepEqual([session.refresh_count, others], [1, []])
    assert.equal((await rekindle(['sessions', 'revoke', session.id], database)).code, 0)
    const refused = await refresh(refreshed.body.data['refresh_token'])
    assert.equal(refused.status, 401)
  })

  test('a user that was deactivated is out, and in again when activated', async (t) => {
    const database = freshDatabase(t)
    const service = await spawnService(t, database)
    await addUser(database)
    const login = () => post(`${service.url}/api/auth/login`, { body: USER })
    const { body } = await login()
    const { stdout } = await rekindle(['users', 'deactivate', 'ada'], database)
    assert.match(stdout, /: User ada deactivated, 1 session ended\.\n$/)
    const token = body.data['refresh_token'] ?? ''
    assert.equal((await post(`${service.url}/refresh_token`, { token })).status, 403)
    assert.equal((await login()).status, 403)
    assert.equal((await rekindle(['users', 'activate', 'ada'], database)).code, 0)
    assert.equal((await post(`${service.url}/refresh_token`, { token })).status, 401)
    assert.equal((await login()).status, 200)
    assert.equal((await rekindle(['users', 'remove', 'ada', '--yes'], database)).code, 0)
    assert.equal((await login()).status, 401)
  })
})

// Said when it stopped although not all was done
const CUT = /connections with unfinished requests are cut/

describe('serve stops with exit code 0', { concurrency: 3, timeout: 180_000 }, () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    test(`on ${signal}`, async (t) => {
      const service = await spawnService(t, freshDatabase(t))
      // A connection that is kept alive must not keep the service.
      assert.equal((await checkedFetch(`${service.url}/livez`)).status, 200)
      assert.equal(await service.stop(signal), 0)
      assert.match(service.tail(), /stopped/)
      assert.doesNotMatch(service.tail(), CUT)
    })
  }

  test('in production, started by src/main.cjs; what is compiled is kept, but not where others can write', async (t) => {
    const { stdout } = await rekindle(['secret'])
    const database = freshDatabase(t)
    const temporary = join(dirname(fileOf(database)), 'tmp')
    mkdirSync(temporary)
    const env = {
      ...database,
      NODE_ENV: 'production',
      JWT_SECRET_KEY: stdout.trim(),
      TMPDIR: temporary,
      NODE_COMPILE_CACHE: undefined,
    }
    const service = await spawnService(t, env, [MAIN])
    assert.equal(await service.stop('SIGTERM'), 0)
    assert.deepEqual(readdirSync(temporary), [])
    assert.ok(readdirSync(join(dirname(MAIN), '../node_modules/.cache/rekindle')).length > 0)
  })
})

test('the threads that hash passwords give way to the event loop', {
  skip: process.platform !== 'linux' && 'a priority of each thread is known on Linux alone',
}, async (t) => {
  const { pid } = await spawnService(t, freshDatabase(t))
  const threads = readdirSync(`/proc/${pid}/task`).map((id) => {
    const stat = readFileSync(`/proc/${pid}/task/${id}/stat`, 'utf8')
    const [, name = '', rest = ''] = /\((.*)\) (.*)/.exec(stat) ?? []
    // proc(5): the nineteenth field; the third is the first behind the name.
    return { id: Number(id), name, nice: Number(rest.split(' ')[16]) }
  })
  const own = getPriority()
  const workers = threads.filter(({ name }) => name === 'libuv-worker')
  assert.equal(workers.length, 4)
  for (const { nice } of workers) assert.equal(nice, Math.min(own + 10, 19))
  assert.equal(threads.find(({ id }) => id === pid)?.nice, own)
})

test('METRICS_PORT: served there, and when one of both ports is taken the process ends', {
  timeout: 180_000,
}, async (t) => {
  const port = String(await freePort())
  const service = await spawnService(t, { ...freshDatabase(t), METRICS_PORT: port })
  const scrape = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  assert.match(await scrape(), /^rekindle_refreshes_total{outcome="rotated"} 0$/m)
  const refused = [
    { PORT: '0', METRICS_PORT: port },
    { PORT: port, METRICS_PORT: '0' },
  ].map((env) => rekindle(['serve'], { ...freshDatabase(t), ...env }))
  for (const { code, stderr } of await Promise.all(refused)) {
    assert.equal(code, 1)
    assert.match(stderr, /^rekindle: (METRICS_)?PORT: listen EADDRINUSE: [^\n]*\n$/)
  }
  assert.equal(await service.stop('SIGTERM'), 0)
})

/** Begins a registration. @returns the request, whose body is still to come */
async function begin({ url }: ServiceProcess, text: string): Promise<ClientRequest> {
  const headers = { 'Content-Type': 'application/json' }
  const register = request(`${url}/api/auth/register`, { method: 'POST', headers })
  await new Promise((written) => register.write(text, written))
  // Its head has surely been read when a later request is answered.
  await checkedFetch(`${url}/livez`)
  return register
}

test('SIGTERM drains: /readyz turns 503, a running request finishes, then exit 0', {
  timeout: 180_000,
}, async (t) => {
  const service = await spawnService(t, freshDatabase(t))
  const body = JSON.stringify(USER)
  const register = await begin(service, body.slice(0, 10))
  const answered = once(register, 'response') as Promise<[IncomingMessage]>

  const stopped = service.stop('SIGTERM')
  let ready = 200
  while (ready === 200) ready = (await checkedFetch(`${service.url}/readyz`)).status
  assert.equal(ready, 503)
  while (await checkedFetch(`${service.url}/livez`).then(Boolean, () => false));
  register.end(body.slice(10))
  const [response] = await answered
  assert.deepEqual([response.statusCode, response.headers.connection], [201, 'close'])
  assert.equal(await stopped, 0)
  assert.match(service.tail(), /stopped/)
  assert.doesNotMatch(service.tail(), CUT)
})

test('a request that does not end is cut after seven seconds, and the log says so', {
  timeout: 180_000,
}, async (t) => {
  const service = await spawnService(t, freshDatabase(t))
  const cut = once(await begin(service, '{'), 'error')
  assert.equal(await service.stop('SIGTERM'), 0)
  await cut
  assert.match(service.tail(), CUT)
})

test('the start screen says in one line what is not limited outside production', async (t) => {
  const screen = async (env: object) => {
    const child = start([MAIN], { PORT: '0', ...freshDatabase(t), ...env })
    t.after(() => child.kill('SIGKILL'))
    let text = ''
    for await (const chunk of child.stdout) {
      text += chunk
      if (text.includes('Try it:')) break
    }
    return text.split('\n').filter((line) => line.includes('Not limited'))
  }
  const [one = '', ...more] = await screen({})
  assert.match(one, /registrations and password changes, unless NODE_ENV=production$/)
  assert.deepEqual(more, [])
  const limited = { LIMIT_REGISTER_ADDRESS: '5/60', LIMIT_PASSWORD_ADDRESS: '5/60' }
  assert.deepEqual(await screen(limited), [])
})

test('the start screen says localhost, and a command that works, also on a second start', async (t) => {
  const database = freshDatabase(t)
  const screen = async (env: object = {}) => {
    const child = start([MAIN], { PORT: '0', ...database, ...env })
    t.after(() => child.kill('SIGKILL'))
    let text = ''
    for await (const chunk of child.stdout) {
      text += chunk
      if (/Not limited[^\n]*\n(\n {2}Try it:[\s\S]*'\n)?\n$/.test(text)) break
    }
    assert.match(text, /listens on +http:\/\/localhost:\d+\n/)
    const [, command] = /Try it:\n([\s\S]*'\n)/.exec(text) ?? []
    const answer =
      command &&
      (await finish(start(['-c', command.replace('curl', "curl -sS -w '%{http_code}'")], {}, 'bash')))
    child.kill('SIGTERM')
    return {
      path: command && /\/api\S+/.exec(command)?.[0],
      status: answer ? answer.stdout.slice(-3) : undefined,
    }
  }
  assert.deepEqual(await screen({ REGISTRATION: 'closed' }), { path: undefined, status: undefined })
  assert.deepEqual(await screen(), { path: '/api/auth/register', status: '201' })
  assert.deepEqual(await screen(), { path: '/api/auth/login', status: '200' })
  assert.deepEqual(await screen({ REGISTRATION: 'closed' }), { path: '/api/auth/login', status: '200' })
})

const oldNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((directory) => join(directory, 'node'))
  .find(
    (node) =>
      existsSync(node) && Number(execFileSync(node, ['-p', 'process.versions.node.split(".")[0]'])) < 22,
  )

test('an old Node is told so in one line', {
  skip: oldNode === undefined && 'no Node older than 22 on the PATH',
}, async () => {
  const { code, stdout, stderr } = await finish(start([MAIN], {}, oldNode))
  assert.deepEqual({ code, stdout }, { code: 1, stdout: '' })
  assert.match(
    stderr,
    /^Rekindle needs Node 22\.18 or newer, and this is v\d+\.\d+\.\d+\. .*"npm ci --omit=dev" does not\.\n$/,
  )
  const command = await finish(start([join(dirname(MAIN), 'rekindle.cjs'), 'secret'], {}, oldNode))
  assert.deepEqual(command, { code, stdout, stderr })
  const logged = await finish(start([MAIN], { NODE_ENV: 'production' }, oldNode))
  assert.deepEqual([logged.code, logged.stderr], [1, ''])
  assert.equal(`${JSON.parse(logged.stdout).msg}\n`, stderr)
})
