/** The nginx of docs/verification.md, run as it stands, before an API that verifies nothing. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { delimiter, join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { insertEnded } from '../../src/store/queries/feed.ts'
import { freePort } from '../bench/throughput/process.ts'
import { blocksOf, sectionOf } from '../docs/pages.ts'
import { temporaryDirectory } from '../docs/walk.ts'
import { start } from '../support/program.ts'
import { PASSWORD, REVOCATIONS_TOKEN, realClock, SECRET, startService } from '../support/service.ts'
import { until } from '../support/until.ts'

const PATH = [process.env['PATH'], '/usr/sbin', '/usr/local/sbin'].join(delimiter)
const MODULE = '/usr/lib/nginx/modules/ngx_http_js_module.so'
const isInstalled = existsSync(MODULE) && spawnSync('nginx', ['-v'], { env: { PATH } }).status === 0
const skip = !isInstalled && 'there is no nginx with njs'

const section = sectionOf('docs/verification.md', 'nginx')
const [program = ''] = blocksOf(section, 'js')
const [configuration = ''] = blocksOf(section, 'nginx')

/** @param change of the program. @returns asks for the API with a token */
async function startNginx(t: TestContext, serviceUrl: string, change = (text: string) => text) {
  const api = createServer((request, response) => response.end(request.url)).listen(0, '127.0.0.1')
  await once(api, 'listening')
  t.after(() => api.close())
  const directory = temporaryDirectory(t)
  const port = await freePort()
  mkdirSync(join(directory, 'logs'))
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${directory}/${name};`)
    .join(' ')
  const http = configuration
    .replace('listen 8080', `listen 127.0.0.1:${port}`)
    .replace('127.0.0.1:3000', `127.0.0.1:${(api.address() as AddressInfo).port}`)
    .replace('127.0.0.1:8787', new URL(serviceUrl).host)
    .replace('Bearer REVOCATIONS_TOKEN', `Bearer ${REVOCATIONS_TOKEN}`)
  // As root, nginx would give up the rights to its directory.
  const user = process.getuid?.() === 0 ? 'user root;' : ''
  const file = join(directory, 'nginx.conf')
  writeFileSync(
    file,
    `load_module ${MODULE}; env JWT_SECRET_KEY;
    ${user} daemon off; pid ${directory}/pid; error_log stderr; worker_processes 2; events {}
    http { access_log off; ${temporary} ${http} }`,
  )
  writeFileSync(join(directory, 'verify.js'), change(program))
  const env = { PATH, JWT_SECRET_KEY: SECRET.toString() }
  const child = start(['-p', directory, '-c', file, '-e', 'stderr'], env, 'nginx')
  t.after(() => child.kill())
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  const ask = (token?: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}/things/mine?a=b`, {
      ...init,
      ...(token !== undefined && { headers: { Authorization: `Bearer ${token}` } }),
    })
  const failure = () => `nginx does not start: ${errors}`
  await until(() => ask().then(Boolean, () => false), failure)
  return ask
}

test('nginx refuses what has ended, and nothing else', { skip }, async (t) => {
  const service = await startService(t, {}, realClock)
  await service.register()
  const [one, two] = [await service.login(), await service.login()]
  const ask = await startNginx(t, service.url)
  const isRefused = async (token: string) => (await ask(token)).status === 401
  const accepted = await ask(one.accessToken)
  assert.deepEqual([accepted.status, await accepted.text()], [200, '/things/mine?a=b'])
  assert.equal((await ask(one.accessToken, { method: 'POST', body: 'a body' })).status, 200)

  const none = await ask()
  assert.deepEqual([none.status, none.headers.get('WWW-Authenticate')], [401, 'Bearer'])
  const [header, claims, mac] = one.accessToken.split('.')
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none', typ: 'at+jwt' })).toString('base64url')
  for (const token of [
    one.refreshToken,
    `${header}.${claims}.`,
    `${unsigned}.${claims}.${mac}`,
    `${header}.${claims}.${mac}.${mac}`,
    'x',
  ]) {
    const refused = await ask(token)
    assert.equal(refused.status, 401, token)
    assert.equal(refused.headers.get('WWW-Authenticate'), 'Bearer error="invalid_token"')
  }

  await service.request('/api/auth/logout', { method: 'POST', bearer: one.refreshToken })
  const ended = performance.now()
  await until(() => isRefused(one.accessToken))
  assert.ok(performance.now() - ended < 15_000)
  assert.ok(!(await isRefused(two.accessToken)))

  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const { body } = await service.request('/api/auth/password', { bearer: two.accessToken, json })
  await until(() => isRefused(two.accessToken))
  assert.ok(!(await isRefused(body.data.access_token)))

  // On the second page of the feed
  const many = Array.from({ length: 5000 }, (_, index) => ({ sessionId: `session ${index}` }))
  await insertEnded(service.core.db, many, Date.now())
  await service.request('/api/auth/logout_all', { method: 'POST', bearer: body.data.access_token })
  await until(() => isRefused(body.data.access_token))
  const three = (await service.tryLogin('another one entirely')).body.data.access_token
  assert.ok(!(await isRefused(three)))
})

test('without the service nginx goes on for a while, and then says 503', { skip }, async (t) => {
  const service = await startService(t, {}, realClock)
  await service.register()
  const { accessToken } = await service.login()
  const ask = await startNginx(t, service.url, (text) => text.replace('MAX_STALE = 30', 'MAX_STALE = 3'))
  assert.equal((await ask(accessToken)).status, 200)
  await service.stop()
  assert.equal((await ask(accessToken)).status, 200)
  await until(async () => (await ask(accessToken)).status === 503)
})

test('a token that has expired', { skip }, async (t) => {
  const service = await startService(t, {}, { now: Date.now() - 3_600_000 })
  await service.register()
  const { accessToken } = await service.login()
  const ask = await startNginx(t, service.url)
  assert.equal((await ask(accessToken)).status, 401)
})
