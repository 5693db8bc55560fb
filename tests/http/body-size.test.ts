/** The maximum size of a body, with a known length or in chunks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PASSWORD, startService } from '../support/service.ts'

const LIMIT = 16_384

/** Node sends it in chunks, because it does not know the length. */
const chunked = (text: string) => new Blob([text]).stream()

test('16 KiB are read, and not a byte more', async (t) => {
  const service = await startService(t)
  await service.register()
  const json = JSON.stringify({ username: 'ada', password: PASSWORD })
  const send = async (path: string, body: string | ReadableStream) => {
    const headers = { 'Content-Type': 'application/json' }
    const answer = await service.request(path, { method: 'POST', headers, body })
    return [answer.status, answer.body.message]
  }
  for (const bodyOf of [(text: string) => text, chunked]) {
    // JSON may end with spaces.
    assert.deepEqual(await send('/api/auth/login', bodyOf(json.padEnd(LIMIT))), [200, undefined])
    const tooLarge = await send('/api/auth/login', bodyOf(json.padEnd(LIMIT + 1)))
    assert.deepEqual(tooLarge, [413, 'Request body too large.'])
    // The body is measured even if the operation reads none.
    const missing = await send('/refresh_token', bodyOf(' '.repeat(LIMIT)))
    assert.deepEqual(missing, [401, 'Refresh token missing.'])
    assert.deepEqual(await send('/refresh_token', bodyOf(' '.repeat(LIMIT + 1))), tooLarge)
  }
})
