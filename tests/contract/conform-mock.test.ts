/** `rekindle conform` against the mock: a server without state, of which every documented response is asked for. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conform } from '../../src/conform/run.ts'
import { startProxy } from '../conform/proxy.ts'
import { startMock } from './start-mock.ts'

test('the mock is recognised, and answers with every example', { timeout: 180_000 }, async (t) => {
  const mock = await startMock(t)
  const { stateless, responses, rules, differences, remarks } = await conform({ url: mock })
  assert.equal(stateless, true)
  assert.deepEqual([differences, remarks, rules], [[], [], []])
  assert.deepEqual(
    responses.filter(({ outcome }) => outcome !== 'reached'),
    [],
  )
  assert.ok(responses.length > 250)

  await t.test('a lie of a proxy before it is found', async (t) => {
    const { url } = await startProxy(t, mock, {
      lie: (answer) => {
        if (answer.path === '/refresh_token') answer.headers.set('Cache-Control', 'public')
      },
    })
    const found = await conform({ url, stateless: true })
    assert.ok(found.differences.length > 5)
    for (const { operation, what } of found.differences)
      assert.deepEqual([operation, what], ['refreshToken', 'Cache-Control must be equal to constant'])
  })
})
