/** Clients that others wrote: of introspection and revocation, and the frameworks of the middleware. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { before, describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { freePort } from '../bench/throughput/process.ts'
import { temporaryDirectory } from '../docs/walk.ts'
import { installPackages } from '../support/install-packages.ts'
import { INTROSPECTION_TOKEN, realClock, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { startVerifier } from './api.ts'

let directory = ''
before(() => {
  directory = installPackages(new URL('clients/', import.meta.url), 'oauth-clients')
})

// biome-ignore lint/suspicious/noExplicitAny: packages that the repository does not have
const load = (name: string): Promise<any> =>
  import(pathToFileURL(createRequire(join(directory, 'package.json')).resolve(name)).href)

const start = async (t: TestContext) => {
  const service = await startService(t, {}, realClock)
  const user = await service.register()
  return { service, user, ...(await service.login()) }
}

describe('OAuth 2.0 clients', () => {
  test('oauth4webapi: introspection and revocation', async (t) => {
    const { service, user, accessToken, refreshToken } = await start(t)
    const oauth = await load('oauth4webapi')
    const as = {
      issuer: service.url,
      introspection_endpoint: `${service.url}/introspect`,
      revocation_endpoint: `${service.url}/revoke`,
    }
    const client = { client_id: 'gateway' }
    const insecure = { [oauth.allowInsecureRequests]: true }
    const auth = oauth.ClientSecretBasic(INTROSPECTION_TOKEN)
    const ask = async (token: string) =>
      oauth.processIntrospectionResponse(
        as,
        client,
        await oauth.introspectionRequest(as, client, auth, token, insecure),
      )
    const { active, sub, token_type } = await ask(accessToken)
    assert.deepEqual([active, sub, token_type], [true, user.id, 'Bearer'])
    assert.deepEqual(await ask(refreshToken), { active: false })
    const revoked = await oauth.revocationRequest(as, client, oauth.None(), refreshToken, insecure)
    assert.equal(await oauth.processRevocationResponse(revoked), undefined)
    assert.deepEqual(await ask(accessToken), { active: false })
    const wrong = await oauth.introspectionRequest(
      as,
      client,
      oauth.ClientSecretBasic('wrong'),
      accessToken,
      insecure,
    )
    await assert.rejects(oauth.processIntrospectionResponse(as, client, wrong))
  })

  test('openid-client: introspection and revocation', async (t) => {
    const { service, accessToken, refreshToken } = await start(t)
    const openid = await load('openid-client')
    const metadata = {
      issuer: service.url,
      introspection_endpoint: `${service.url}/introspect`,
      revocation_endpoint: `${service.url}/revoke`,
    }
    const auth = openid.ClientSecretBasic(INTROSPECTION_TOKEN)
    const config = new openid.Configuration(metadata, 'gateway', undefined, auth)
    openid.allowInsecureRequests(config)
    assert.equal((await openid.tokenIntrospection(config, accessToken)).active, true)
    await openid.tokenRevocation(config, refreshToken, { token_type_hint: 'refresh_token' })
    assert.equal((await openid.tokenIntrospection(config, accessToken)).active, false)
  })

  const MODULES = '/usr/lib/apache2/modules'
  const hasApache = existsSync('/usr/sbin/apache2') && existsSync(join(MODULES, 'mod_oauth2.so'))
  test('mod_oauth2 in Apache', { skip: !hasApache && 'there is no Apache with mod_oauth2' }, async (t) => {
    const { service, user, accessToken, refreshToken } = await start(t)
    const root = temporaryDirectory(t)
    const port = await freePort()
    mkdirSync(join(root, 'things'))
    writeFileSync(join(root, 'things/mine'), 'things')
    const load = ['mpm_event', 'authz_core', 'authz_user', 'authn_core', 'oauth2', 'headers', 'env']
      .filter((name) => existsSync(join(MODULES, `mod_${name}.so`)))
      .map((name) => `LoadModule ${name === 'oauth2' ? 'oauth2' : name}_module ${MODULES}/mod_${name}.so`)
    writeFileSync(
      join(root, 'apache.conf'),
      `ServerName localhost
ServerRoot ${root}
PidFile ${root}/pid
ErrorLog ${root}/error.log
Listen 127.0.0.1:${port}
${load.join('\n')}
DocumentRoot ${root}
OAuth2Cache file dir=${root}
<Location /things>
  AuthType oauth2
  OAuth2TokenVerify introspect ${service.url}/introspect introspect.ssl_verify=false&introspect.auth=client_secret_basic&client_id=gateway&client_secret=${INTROSPECTION_TOKEN}&expiry=1
  OAuth2TargetPass prefix=OAUTH2_
  Require valid-user
</Location>
`,
    )
    const apache = spawn('/usr/sbin/apache2', ['-X', '-f', join(root, 'apache.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    apache.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString()
    })
    t.after(() => apache.kill('SIGTERM'))
    const ask = (token: string) =>
      fetch(`http://127.0.0.1:${port}/things/mine`, { headers: { Authorization: `Bearer ${token}` } })
    await until(
      () =>
        ask('nothing').then(
          () => true,
          () => apache.exitCode !== null,
        ),
      () => said,
    )
    assert.equal(apache.exitCode, null, said)
    assert.equal((await ask(accessToken)).status, 200, user.id)
    assert.equal((await ask(refreshToken)).status, 401)
    await service.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
    await until(async () => (await ask(accessToken)).status === 401)
  })
})

describe('frameworks', () => {
  const asked = async (url: string, token: string) => {
    const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } })
    return [
      answer.status,
      answer.status === 200 ? await answer.text() : answer.headers.get('WWW-Authenticate'),
    ]
  }
  const CHALLENGE = 'Bearer error="invalid_token", error_description="Invalid access token."'

  test('Express', async (t) => {
    const { service, user, accessToken, refreshToken } = await start(t)
    const { default: express } = await load('express')
    const app = express()
    app.use('/things', startVerifier(t, service.url).express())
    app.get('/things/mine', (req: { auth: { sub: string } }, res: { send(text: string): void }) =>
      res.send(req.auth.sub),
    )
    const server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    t.after(() => server.close())
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/things/mine`
    assert.deepEqual(await asked(url, accessToken), [200, user.id])
    assert.deepEqual(await asked(url, refreshToken), [401, CHALLENGE])
  })

  test('Fastify', async (t) => {
    const { service, user, accessToken, refreshToken } = await start(t)
    const { default: fastify } = await load('fastify')
    const app = fastify()
    app.decorateRequest('auth', null)
    app.addHook('onRequest', startVerifier(t, service.url).fastify())
    app.get('/things/mine', async (request: { auth: { sub: string } }) => request.auth.sub)
    const url = `${await app.listen({ port: 0, host: '127.0.0.1' })}/things/mine`
    t.after(() => app.close())
    assert.deepEqual(await asked(url, accessToken), [200, user.id])
    assert.deepEqual(await asked(url, refreshToken), [401, CHALLENGE])
  })
})
