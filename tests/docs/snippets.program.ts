/** The code on the pages, run unchanged against a real service. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { signatureOf, webhookKey } from '../../src/events/webhook.ts'
import { startProgram } from '../support/program.ts'
import type { Tokens } from '../support/service.ts'
import {
  ADMIN_TOKEN,
  client,
  MINUTE,
  PASSWORD,
  REVOCATIONS_TOKEN,
  realClock,
  SECRET,
  startService,
} from '../support/service.ts'
import { until } from '../support/until.ts'
import { blocksOf, pageAt, ROOT, sectionOf } from './pages.ts'
import { temporaryDirectory } from './walk.ts'

/** Writes code of a page into a project with the packages of this repository. @returns the file */
function writeModule(t: TestContext, code: string, name = 'snippet.mjs'): string {
  const directory = temporaryDirectory(t)
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction')
  const file = join(directory, name)
  writeFileSync(file, code)
  return file
}

const load = (t: TestContext, code: string) => import(pathToFileURL(writeModule(t, code)).href)

const entry = (path: string) => JSON.stringify(pathToFileURL(join(ROOT, path)).href)

function codeOf(path: string, heading: string, language: string, index = 0): string {
  const code = blocksOf(sectionOf(path, heading), language)[index]
  assert.ok(code !== undefined)
  return code
}

describe('your API verifies access tokens', () => {
  const cases = async (t: TestContext) => {
    const service = await startService(t, {}, realClock)
    const { id } = await service.register()
    const { accessToken, refreshToken } = await service.login()
    const earlier = await startService(t, {}, { now: Date.now() - 40 * MINUTE })
    await earlier.register()
    const { accessToken: expired }: Tokens = await earlier.login()
    const [head, , signature] = accessToken.split('.')
    const forged = [head, expired.split('.')[1], signature].join('.')
    process.env['JWT_SECRET_KEY'] = SECRET.toString()
    t.after(() => delete process.env['JWT_SECRET_KEY'])
    return { service, id, accessToken, refused: [refreshToken, expired, forged, 'nonsense', ''] }
  }

  test('in Hono', async (t) => {
    const { id, accessToken, refused } = await cases(t)
    const { default: app } = await load(t, codeOf('README.md', 'Your API', 'js', 0))
    const ask = (token: string) => app.request('/things', { headers: { Authorization: `Bearer ${token}` } })
    assert.equal(await (await ask(accessToken)).text(), `things of user ${id}`)
    for (const token of refused) assert.equal((await ask(token)).status, 401, token)
    assert.equal((await app.request('/things')).status, 401)
  })

  test('with the verifier, which a logout reaches', async (t) => {
    const { service, id, accessToken, refused } = await cases(t)
    process.env['REVOCATIONS_URL'] = `${service.url}/revocations`
    process.env['REVOCATIONS_TOKEN'] = REVOCATIONS_TOKEN
    t.after(() => ['URL', 'TOKEN'].map((name) => delete process.env[`REVOCATIONS_${name}`]))
    const code = codeOf('README.md', 'Your API', 'js', 1)
    const { verifier, userOf } = await load(
      t,
      code.replace("'rekindle-client/verify'", entry('src/verify/index.ts')),
    )
    t.after(() => verifier.close())
    assert.equal(await userOf(accessToken), id)
    for (const token of refused) await assert.rejects(userOf(token), { name: 'TokenError' }, token)
    await service.request('/api/auth/logout', { method: 'POST', bearer: accessToken })
    await until(() =>
      userOf(accessToken).then(
        () => false,
        ({ reason }: { reason: string }) => reason === 'ended',
      ),
    )
  })

  const python = ['python3', '/usr/bin/python3'].find(
    (command) => spawnSync(command, ['-c', 'import jwt; jwt.PyJWTError']).status === 0,
  )
  test('in Python', { skip: python === undefined && 'there is no PyJWT' }, async (t) => {
    const { id, accessToken, refused } = await cases(t)
    const call = `
import sys
for token in sys.argv[1:]:
    try:
        print(user_of(token))
    except jwt.PyJWTError:
        print("refused")
`
    const file = writeModule(t, codeOf('README.md', 'Your API', 'python') + call, 'snippet.py')
    const { stdout, stderr } = spawnSync(python ?? '', [file, accessToken, ...refused], { encoding: 'utf8' })
    assert.deepEqual(stdout.trim().split('\n'), [id, ...refused.map(() => 'refused')], stderr)
  })
})

/** Acts as a browser: the cookie is sent back, only to the service. */
function withCookies(t: TestContext, service: string): void {
  const { fetch } = globalThis
  let cookie: string | undefined
  globalThis.fetch = async (input, init) => {
    const request = new Request(input, init)
    const isMeant = request.url.startsWith(service) && request.credentials === 'include'
    if (isMeant && cookie !== undefined) request.headers.set('Cookie', cookie)
    const response = await fetch(request)
    for (const set of response.headers.getSetCookie()) [cookie] = set.split(';')
    return response
  }
  t.after(() => {
    globalThis.fetch = fetch
  })
}

describe('your page', () => {
  const code = {
    'README.md': codeOf('README.md', 'Your page', 'js'),
    'docs/client.md': blocksOf(pageAt('docs/client.md'), 'js')[0] ?? '',
  }
  for (const [page, block] of Object.entries(code)) {
    test(`as ${page} has it`, async (t) => {
      const service = await startService(t, {}, realClock)
      await service.register()
      withCookies(t, service.url)
      const reasons: string[] = []
      const showLogin = (reason: string) => reasons.push(reason)
      Object.assign(globalThis, { showLogin, username: 'ada', password: PASSWORD })
      const here = block
        .replace(`'rekindle-client'`, entry('src/client/index.ts'))
        .replaceAll('https://auth.example.com', service.url)
        .replace('https://api.example.com/things', `${service.url}/api/auth/me`)
      const { data, response, session } = await load(t, `${here}\nexport { data, response, session }\n`)
      assert.equal(response.status, 200)
      assert.equal(data.data.refresh_token, undefined)
      assert.deepEqual(reasons, ['logout'])
      assert.equal(await session.accessToken(), undefined)
      assert.match(service.logged(), /"reason":"logout"/)
    })
  }
})

test('the page of a link that was mailed to who has forgotten the password', async (t) => {
  const service = await startService(t, {}, realClock)
  const { id } = await service.register()
  const asked = { method: 'POST', bearer: ADMIN_TOKEN }
  const { body } = await service.request(`/admin/users/${id}/password_reset`, asked)
  const block = codeOf('docs/administration.md', 'Forgotten passwords and other names', 'js')
  const { resetPassword } = await load(
    t,
    block
      .replace(`'rekindle-client'`, entry('src/client/index.ts'))
      .replace('https://auth.example.com', service.url),
  )
  Object.assign(globalThis, { location: { hash: `#token=${body.data.reset_token}` } })
  t.after(() => Reflect.deleteProperty(globalThis, 'location'))
  assert.equal(await resetPassword('password1'), 'Is one of the most common passwords')
  assert.equal(await resetPassword('another one entirely'), 'Your password is set. Please log in.')
  assert.equal((await service.tryLogin('another one entirely')).status, 200)
  Object.assign(globalThis, { location: { hash: '' } })
  assert.match(await resetPassword('another one entirely'), /^This link is no longer good/)
})

test('the service in your program, until SIGTERM', async (t) => {
  const block = codeOf('docs/embedding.md', 'The service in your program', 'js')
  const code = block.replace(`'rekindle'`, entry('src/http/index.ts'))
  const file = writeModule(t, `${code}\nconsole.log('at', listener.url)\n`)
  const env = { ...process.env, NODE_ENV: 'development', PORT: '0' }
  const url = await startProgram(t, [process.execPath, file], { cwd: join(file, '..'), env }, /at (http:\S+)/)
  const { register, login, refresh } = client(url)
  await register()
  const { refreshToken } = await login()
  assert.equal((await refresh(refreshToken)).status, 200)
})

test('a receiver of the webhook', async (t) => {
  const { verify } = await load(t, codeOf('docs/events-and-webhook.md', 'Webhook', 'js'))
  const key = webhookKey('a secret of the receiver, 32 bytes')
  const signed = (body: string, age = 0) => {
    const time = Math.floor(Date.now() / 1000) - age
    const signature = signatureOf(key, 'one', time, body)
    return { 'webhook-id': 'one', 'webhook-timestamp': String(time), 'webhook-signature': signature }
  }
  const body = '{"type":"session.opened"}'
  assert.deepEqual(verify(signed(body), body, key), { type: 'session.opened' })
  assert.throws(() => verify(signed(body), `${body} `, key), /wrong signature/)
  assert.throws(() => verify(signed(body), body, webhookKey('another')), /wrong signature/)
  assert.throws(() => verify(signed(body, 301), body, key), /too old/)
  assert.throws(() => verify({}, body, key), /too old/)
})
