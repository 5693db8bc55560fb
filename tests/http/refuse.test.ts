/** Errors that do not reach the app: 400 if the client caused them, otherwise 500. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RequestError } from '@hono/node-server'
import { refuseRequest } from '../../src/http/server/early-refusals.ts'
import { startService } from '../support/service.ts'

test('a request that no URL can be made of is the client’s fault, all else is ours, and says nothing', async () => {
  const refuse = refuseRequest({ security: { 'X-Frame-Options': 'SAMEORIGIN' }, core: undefined })
  const refused = refuse(new RequestError('Invalid host header'))
  assert.deepEqual(await refused.json(), { status: 'error', code: 400, message: 'Bad Request.' })
  const failed = refuse(new Error('secret detail'))
  assert.deepEqual(await failed.json(), {
    status: 'error',
    code: 500,
    message: 'An unexpected error occurred',
  })
  assert.deepEqual([refused.status, failed.status], [400, 500])
  for (const { headers } of [refused, failed]) assert.equal(headers.get('X-Frame-Options'), 'SAMEORIGIN')
})

test('a logger that fails takes nothing from the answer: what was done is done', async (t) => {
  const service = await startService(t)
  Object.assign(service.core.log, {
    info() {
      throw new Error('disk full')
    },
  })
  const { status, body } = await service.request('/api/auth/me')
  assert.deepEqual([status, body.message], [401, 'Access token missing.'])
})
