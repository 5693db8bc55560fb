/** The accepted content types of a body: RFC 9110 §8.3.1 and §5.6.6. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PASSWORD, startService } from '../support/service.ts'

test('JSON by each name that it has, and by no other', async (t) => {
  const service = await startService(t)
  await service.register()
  const { body } = await service.request('/api/auth/login', {
    json: { username: 'ada', password: PASSWORD },
  })
  const statuses = async (type: string, encoding = 'identity') => {
    const send = async (path: string, json: object) => {
      const headers = { 'Content-Type': type, 'Content-Encoding': encoding }
      const answer = await service.request(path, { method: 'POST', headers, body: JSON.stringify(json) })
      return answer.status
    }
    return [
      await send('/api/auth/login', { username: 'ada', password: PASSWORD }),
      await send('/api/auth/refresh', { token: body.data.access_token }),
    ]
  }
  for (const parameters of [
    '',
    ';',
    ' ;',
    ';;',
    '; charset=utf-8',
    ' ; charset="UTF-8"',
    ';charset=utf-8;',
    '; profile="a; b"',
    '; v_1=x',
  ]) {
    assert.deepEqual(await statuses(`application/json${parameters}`), [200, 200], parameters)
    assert.deepEqual(await statuses(`Application/JSON${parameters}`), [200, 200], parameters)
  }
  for (const type of [
    'text/json',
    'application/problem+json',
    'application/jsonx',
    'application/json, text/plain',
    'application/x-www-form-urlencoded',
    ';application/json',
    '',
  ]) {
    assert.deepEqual(await statuses(type), [415, 415], type)
  }
  assert.deepEqual(await statuses('application/json', 'Identity'), [200, 200])
  assert.deepEqual(await statuses('application/json', 'gzip'), [415, 415])
})
