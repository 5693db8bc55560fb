/** Passwords are hashed by the threads of Node's pool, with low priority: fast operations must not need one. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import { open, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from '../support/database.ts'
import { startWorld } from '../support/world.ts'

// Milliseconds. An operation that needs a thread gets it only after this time, and fails the test.
const PATIENCE = 15_000

test('a refresh, an exchange and /me wait for no thread of the pool', async (t) => {
  const { service, refreshToken, accessToken } = await startWorld(t)
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-threads-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  const pipe = join(directory, 'pipe')
  execFileSync('mkfifo', [pipe])

  // Each opening waits for a writer, and occupies its thread meanwhile.
  const openings: Promise<FileHandle>[] = Array.from({ length: 4 }, () => open(pipe, 'r'))
  let isPoolFree = false
  const probe = stat('.').then(() => {
    isPoolFree = true
  })
  let writer: number | undefined
  const release = () => {
    writer ??= openSync(pipe, 'r+')
  }
  const timer = setTimeout(release, PATIENCE)
  const answers = [
    await service.refresh(refreshToken),
    await service.request('/api/auth/me', { bearer: accessToken }),
    await service.exchange(accessToken),
  ]
  const wasBusy = !isPoolFree
  clearTimeout(timer)
  release()
  await probe
  for (const opening of openings) await (await opening).close()
  closeSync(Number(writer))
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  )
  assert.ok(wasBusy, 'the pool had a thread to spare')
})
