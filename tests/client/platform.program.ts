/** Node without each of the features that older browsers, React Native and others do not have: the session still works. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { startService } from '../support/service.ts'
import { ALL, FEATURES } from './without.ts'

const program = fileURLToPath(new URL('reduced.ts', import.meta.url))

for (const [what, script] of [...Object.entries(FEATURES), ['all of these', ALL]] as const) {
  test(`without ${what}`, async (t) => {
    const service = await startService(t)
    await service.register()
    const { body } = await service.tryLogin()
    const args = [program, script, service.url, JSON.stringify(body.data)]
    const { stdout } = await promisify(execFile)(process.execPath, args)
    // A storage that throws is not shared, and nothing is said of it.
    assert.deepEqual(JSON.parse(stdout), [
      'refreshed',
      'refreshed',
      200,
      200,
      'loggedIn',
      'logout',
      'loggedOut',
    ])
    const { revoked_at, generation } = await service.core.db
      .selectFrom('sessions')
      .selectAll()
      .executeTakeFirstOrThrow()
    assert.deepEqual([generation, revoked_at !== null], [1, true])
  })
}
