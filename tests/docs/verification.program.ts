/** The verifiers of docs/verification.md, run as they stand, against a service. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { PASSWORD, REVOCATIONS_TOKEN, realClock, SECRET, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { blocksOf, ROOT, sectionOf } from './pages.ts'
import { temporaryDirectory } from './walk.ts'

const codeOf = (heading: string, language: string) => {
  const [code] = blocksOf(sectionOf('docs/verification.md', heading), language)
  assert.ok(code !== undefined)
  return code
}

test('in Hono', async (t) => {
  const service = await startService(t, {}, realClock)
  const { id } = await service.register()
  const { accessToken, refreshToken } = await service.login()
  const directory = temporaryDirectory(t)
  mkdirSync(join(directory, 'node_modules'))
  for (const name of ['hono', 'jose'])
    symlinkSync(join(ROOT, 'node_modules', name), join(directory, 'node_modules', name))
  const verify = JSON.stringify(pathToFileURL(join(ROOT, 'src/verify/index.ts')).href)
  const file = join(directory, 'api.mjs')
  writeFileSync(file, codeOf('The verifier', 'js').replace("'rekindle-client/verify'", verify))
  const settings = {
    JWT_SECRET_KEY: SECRET.toString(),
    REVOCATIONS_URL: `${service.url}/revocations`,
    REVOCATIONS_TOKEN,
  }
  Object.assign(process.env, settings)
  t.after(() => {
    for (const name of Object.keys(settings)) delete process.env[name]
  })
  const { default: app, verifier } = await import(pathToFileURL(file).href)
  t.after(() => verifier.close())
  const ask = (): Promise<Response> =>
    Promise.resolve(app.request('/things/mine', { headers: { Authorization: `Bearer ${accessToken}` } }))
  assert.equal(await (await ask()).text(), `things of user ${id}`)
  await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  await until(async () => (await ask()).status === 401)
})

const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import jwt; jwt.PyJWTError']).status === 0,
)

test('in Python', { skip: python === undefined && 'there is no PyJWT' }, async (t) => {
  const service = await startService(t, {}, realClock)
  const { id } = await service.register()
  const [one, two] = [await service.login(), await service.login()]
  const file = join(temporaryDirectory(t), 'verifier.py')
  // Each line of the input is a token.
  const main = `
import sys
verifier = Verifier(os.environ["JWT_SECRET_KEY"], os.environ["URL"], os.environ["TOKEN"], 6.0)
for line in sys.stdin:
    try:
        print(verifier.verify(line.strip())["sub"], flush=True)
    except jwt.PyJWTError as error:
        print("refused", flush=True)
    except RuntimeError:
        print("stale", flush=True)
`
  const code = codeOf('Python', 'python')
  assert.ok(code.trimEnd().split('\n').length <= 75)
  writeFileSync(file, code + main)
  const env = {
    JWT_SECRET_KEY: SECRET.toString(),
    URL: `${service.url}/revocations`,
    TOKEN: REVOCATIONS_TOKEN,
  }
  const child = spawn(String(python), [file], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  t.after(() => child.kill('SIGKILL'))
  const lines = createInterface({ input: child.stdout })
  const ask = async (token: string): Promise<string> => {
    const answer = once(lines, 'line') as Promise<[string]>
    child.stdin.write(`${token}\n`)
    return (await answer)[0]
  }
  await until(async () => (await ask(one.accessToken)) === id)
  assert.equal(await ask(one.refreshToken), 'refused')
  await service.request('/api/auth/logout', { method: 'POST', bearer: one.refreshToken })
  await until(async () => (await ask(one.accessToken)) === 'refused')
  assert.equal(await ask(two.accessToken), id)
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const { body } = await service.request('/api/auth/password', { bearer: two.accessToken, json })
  await until(async () => (await ask(two.accessToken)) === 'refused')
  assert.equal(await ask(body.data.access_token), id)
  await service.request('/api/auth/logout_all', { method: 'POST', bearer: body.data.access_token })
  await until(async () => (await ask(body.data.access_token)) === 'refused')
  const three = (await service.tryLogin('another one entirely')).body.data.access_token
  assert.equal(await ask(three), id)
  await service.stop()
  await until(async () => (await ask(three)) === 'stale')
})
