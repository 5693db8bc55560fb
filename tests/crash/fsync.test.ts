/** SIGKILL keeps what the kernel has received. Only the system calls show that it also reaches the disk. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { ENTRY } from '../support/program.ts'
import { client } from '../support/service.ts'
import { spawnService } from '../support/service-process.ts'
import { UNLIMITED } from '../support/values.ts'

const { error, status } = spawnSync('strace', ['-o', '/dev/null', 'true'])
const missing = error ? 'strace is missing' : status !== 0 && 'strace may not trace'

/** A service on SQLite, and the number of times that it has waited for the disk. */
async function startTraced(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-fsync-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const trace = join(directory, 'trace')
  const env = { DATABASE_URL: `sqlite:${join(directory, 'x.db')}`, LOG_LEVEL: 'silent', ...UNLIMITED }
  // -D: strace becomes the grandchild, and the service is the process that is ended with the test.
  const strace = ['-D', '-f', '-e', 'trace=fsync,fdatasync', '-o', trace, process.execPath]
  const { url } = await spawnService(t, env, [...strace, ENTRY, 'serve'], 'strace')
  const syncs = () =>
    readFileSync(trace, 'utf8').match(/f(data)?sync(\(\d+| resumed>)\) += 0$/gm)?.length ?? 0
  return { ...client(url), syncs }
}

test('each acknowledged write has waited for the disk', { skip: missing }, async (t) => {
  const { register, login, refresh, exchange, request, syncs } = await startTraced(t)
  await register()
  const logins = []
  for (let i = 0; i < 10; i++) logins.push(await login())
  let { accessToken, refreshToken } = logins[0] ?? { accessToken: '', refreshToken: '' }

  const before = syncs()
  const answers = []
  for (let i = 0; i < 50; i++) {
    const rotated = await refresh(refreshToken)
    answers.push(rotated)
    refreshToken = rotated.body.data.refresh_token
  }
  for (let i = 0; i < 20; i++) {
    const exchanged = await exchange(accessToken)
    answers.push(exchanged)
    accessToken = exchanged.body.access_token
  }
  for (const { accessToken: bearer } of logins) {
    answers.push(await request('/api/auth/logout', { method: 'POST', bearer }))
  }
  const seen = syncs() - before

  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  t.diagnostic(`${answers.length} writes were acknowledged, ${seen} fsyncs`)
  assert.ok(seen >= answers.length, `${seen} fsyncs for ${answers.length} writes`)
})
