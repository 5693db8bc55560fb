/** ASVS 13.2.4: the service connects only to its database and the webhook. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { DialectContext } from '../support/database.ts'
import { freshDatabase, test } from '../support/database.ts'
import { ENTRY } from '../support/program.ts'
import { client, PASSWORD, STRONG_SECRET } from '../support/service.ts'
import { spawnService } from '../support/service-process.ts'
import { resigned } from '../support/tokens.ts'
import { until } from '../support/until.ts'
import { startReceiver, WEBHOOK_SECRET } from '../support/webhook-receiver.ts'
import { endpoints } from './endpoints.ts'

const PRELOAD = fileURLToPath(new URL('outgoing.ts', import.meta.url))

for (const [whom, hasWebhook] of [
  ['its database', false],
  ['its database and the webhook', true],
] as const) {
  test(`it opens no connection but to ${whom}`, (t) => speaksTo(t, hasWebhook))
}

async function speaksTo(t: DialectContext, hasWebhook: boolean): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-outgoing-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const OUTGOING = join(directory, 'connections')
  const bait = createServer(() => assert.fail('somebody came'))
  await new Promise<void>((resolve) => bait.listen(0, '127.0.0.1', resolve))
  t.after(() => bait.close())
  const jku = `http://127.0.0.1:${(bait.address() as AddressInfo).port}/keys`

  const database = await freshDatabase(t, t.dialect)
  const url = database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url
  // It redirects its caller to an address that must not be requested.
  const receiver = await startReceiver(t, (_, all) => (all.length === 1 ? 302 : 204))
  const webhook = { EVENTS_WEBHOOK_URL: receiver.url, EVENTS_WEBHOOK_SECRET: WEBHOOK_SECRET }
  const env = {
    DATABASE_URL: url,
    JWT_SECRET_KEY: STRONG_SECRET,
    OUTGOING,
    ...(hasWebhook && webhook),
  }
  const child = await spawnService(t, env, ['--import', PRELOAD, ENTRY, 'serve'])
  const service = client(child.url)
  await service.register()
  const tokens = await service.login()
  const live = { ...service, core: { settings: { cookie: { name: '__Host-refresh_token' } } } } as never
  for (const endpoint of endpoints) {
    for (const kind of endpoint.kinds) {
      const token = kind === 'access' ? tokens.accessToken : tokens.refreshToken
      for (const header of [{ jku }, { x5u: jku, kid: jku }])
        await endpoint.present(live, resigned(token, {}, header, Buffer.from(STRONG_SECRET)))
    }
  }
  for (const path of ['/readyz', '/livez', '/docs', '/openapi.json']) await service.request(path)
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const change = await service.request('/api/auth/password', { bearer: tokens.accessToken, json })
  assert.equal(change.status, 200)
  await service.exchange(change.body.data.access_token)
  assert.equal((await service.refresh(change.body.data.refresh_token)).status, 200)
  if (hasWebhook) await until(() => receiver.types().includes('password.changed'), 'the webhook')
  assert.equal(await child.stop('SIGTERM'), 0)

  const noted = new Set(readFileSync(OUTGOING, 'utf8').trim().split('\n'))
  // The recording works.
  assert.ok(noted.delete('listens'))
  const allowed = database.dialect === 'sqlite' ? [] : [new URL(database.url).host]
  if (hasWebhook) allowed.push(new URL(receiver.url).host)
  assert.deepEqual([...noted].toSorted(), allowed.toSorted())
}
