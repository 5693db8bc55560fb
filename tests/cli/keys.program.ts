import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startSigning } from '../keys/service.ts'
import { DIALECTS } from '../support/database.ts'
import { rekindle } from '../support/program.ts'
import { realClock, startService } from '../support/service.ts'
import { failedIn, madeDatabase } from './fixtures.ts'

const [dialect] = DIALECTS

test('keys list, rotate and revoke, and what cannot be done', async (t) => {
  const service = await startSigning(Object.assign(t, { dialect }), 'ES256', {
    beside: await startService(t, {}, realClock, dialect),
  })
  const env = { DATABASE_URL: `sqlite:${service.file}` }
  const { stdout } = await rekindle(['keys', 'list', '--json'], env)
  const keys = JSON.parse(stdout) as { kid: string; state: string; algorithm: string }[]
  assert.deepEqual(
    keys.map(({ state, algorithm }) => [state, algorithm]),
    [
      ['current', 'ES256'],
      ['next', 'ES256'],
    ],
  )
  const [current, next] = keys.map(({ kid }) => kid)
  const table = await rekindle(['keys', 'list'], env)
  assert.match(table.stdout, /^KID +ALGORITHM +SOURCE +STATE +SIGNS FROM +UNTIL\n/)
  assert.match(table.stdout, new RegExp(`^${current} +ES256 +made +current +the first `, 'm'))
  assert.ok(!stdout.includes('jwk'))

  assert.match((await rekindle(['keys', 'rotate'], env)).stdout, new RegExp(`: ${next} signs from .+Z\\.\n$`))
  const revoked = await rekindle(['keys', 'revoke', String(current)], env)
  assert.match(revoked.stdout, /is revoked\. Services refuse its tokens within seconds\.\n$/)
  assert.match((await rekindle(['keys', 'revoke', String(current)], env)).stdout, /was revoked already\.\n$/)
  const after = await rekindle(['keys', 'list'], env)
  assert.match(after.stdout, new RegExp(`^${next} +ES256 +made +current`, 'm'))
  assert.match(after.stdout, new RegExp(`^${current} +ES256 +made +revoked`, 'm'))
})

test('without keys', async (t) => {
  const place = await madeDatabase(t)
  const none = 'there is no such key: rekindle keys list shows them'
  assert.deepEqual(await rekindle(['keys', 'revoke', 'x'], place), failedIn(place, none))
  assert.match((await rekindle(['keys', 'rotate'], place)).stderr, /there is no next key/)
  assert.match((await rekindle(['keys', 'list'], place)).stderr, /no keys: HS256 signs\.\n$/)
})
