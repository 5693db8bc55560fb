/** A small disk that the service's own log lines have filled, beside its database. */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, openSync, readFileSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ENTRY } from '../support/program.ts'
import { post } from '../support/service-process.ts'
import { until } from '../support/until.ts'
import { PASSWORD, STRONG_SECRET, UNLIMITED } from '../support/values.ts'

test('lines are dropped, the service runs on, and logs again when there is room', {
  timeout: 120_000,
}, async (t) => {
  const disk = mkdtempSync(join(tmpdir(), 'rekindle-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' })
  } catch {
    rmSync(disk, { recursive: true })
    return t.skip('no disk can be mounted here')
  }
  t.after(() => {
    execFileSync('umount', ['--lazy', disk])
    rmSync(disk, { recursive: true })
  })
  const log = join(disk, 'log')
  const env = {
    ...UNLIMITED,
    DATABASE_URL: `sqlite:${disk}/x.db`,
    JWT_SECRET_KEY: STRONG_SECRET,
    NODE_ENV: 'production',
    REGISTRATION: 'open',
    PORT: '0',
    PATH: process.env['PATH'],
  }
  const stdio = ['ignore', openSync(log, 'a'), 'inherit'] as const
  const child = spawn(process.execPath, [ENTRY, 'serve'], { env, stdio: [...stdio] })
  t.after(() => child.kill('SIGKILL'))
  const found = () => /"url":"([^"]+)"/.exec(readFileSync(log, 'utf8'))?.[1]
  await until(found, 'the address')
  const url = found() ?? ''
  const body = { username: 'ada', password: PASSWORD }
  assert.equal((await post(`${url}/api/auth/register`, { body })).status, 201)
  let token = (await post(`${url}/api/auth/login`, { body })).body.data['refresh_token'] ?? ''

  async function refresh(): Promise<number> {
    const { status, body } = await post(`${url}/refresh_token`, { token })
    token = body.data?.['refresh_token'] ?? token
    return status
  }
  const probe = async (path: string) => (await fetch(url + path, { headers: { Connection: 'close' } })).status

  // Until nothing is added to the log any more.
  for (let size = -1; size < statSync(log).size; ) {
    size = statSync(log).size
    const requests = Array.from({ length: 200 }, () => probe('/livez'))
    assert.deepEqual(new Set(await Promise.all(requests)), new Set([200]))
  }
  const statuses = [await refresh(), await probe('/readyz'), await probe('/livez')]
  t.diagnostic(`on the full disk: refresh ${statuses[0]}, readyz ${statuses[1]}`)
  assert.ok(statuses[0] === 200 || statuses[1] === 503, 'what cannot be written is not ready')
  assert.equal(statuses[2], 200)
  assert.equal(child.exitCode, null)

  truncateSync(log)
  await until(async () => (await probe('/readyz')) === 200, 'ready again')
  assert.equal(await refresh(), 200)
  await until(async () => {
    await probe('/livez')
    return statSync(log).size > 0
  }, 'lines again')
  assert.match(
    readFileSync(log, 'utf8').trimEnd().split('\n').at(-1) ?? '',
    /^\{"level":"info".*\}$|^\{"level":30.*\}$/,
  )
})
