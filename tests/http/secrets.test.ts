/** `JWT_SECRET_KEY_PREVIOUS`: the secret is replaced, and all users stay logged in. */
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { test as testOnBoth } from '../support/database.ts'
import { MINUTE, SECRET } from '../support/service.ts'
import { startWorld } from '../support/world.ts'
import { startSecond } from './second.ts'

const NEXT = Buffer.from('bmV4dCwgZm9yIHRlc3RzIG9ubHksIDMyIGJ5dGVzIG9yIG1vcmU')
const LAST = Buffer.from('bGFzdCwgZm9yIHRlc3RzIG9ubHksIDMyIGJ5dGVzIG9yIG1vcmU')

const isSignedWith = (token: string, secret: Uint8Array) => {
  const [head, payload, signature] = token.split('.')
  return createHmac('sha256', secret).update(`${head}.${payload}`).digest('base64url') === signature
}

test('the new secret signs, the old one still verifies: nobody is logged out', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  assert.ok(isSignedWith(accessToken, SECRET) && isSignedWith(refreshToken, SECRET))
  const next = await startSecond(t, service, { current: NEXT, previous: [SECRET] })
  assert.equal((await next.request('/api/auth/me', { bearer: accessToken })).status, 200)

  const refreshed = await next.refresh(refreshToken)
  assert.equal(refreshed.status, 200)
  const { access_token, refresh_token } = refreshed.body.data
  assert.ok(isSignedWith(access_token, NEXT) && isSignedWith(refresh_token, NEXT))
  // A retry gets the byte-identical successor of the new process.
  assert.equal((await next.refresh(refreshToken)).body.data.refresh_token, refresh_token)

  service.clock.now += 40 * MINUTE
  const exchanged = await next.exchange(accessToken)
  assert.equal(exchanged.status, 200)
  assert.ok(isSignedWith(exchanged.body.access_token, NEXT))
  assert.equal((await next.refresh(refresh_token)).status, 200)
})

test('reuse is found across the change of secrets', async (t) => {
  const { service, refreshToken } = await startWorld(t)
  const { body } = await service.refresh(refreshToken)
  const next = await startSecond(t, service, { current: NEXT, previous: [SECRET] })
  const { refresh_token } = (await next.refresh(body.data.refresh_token)).body.data
  assert.equal((await next.refresh(refreshToken)).status, 401)
  assert.equal((await next.refresh(refresh_token)).body.message, 'Invalid refresh token.')
})

test('several old secrets verify; one that was dropped does not, and logging out needs one that does', async (t) => {
  const { service, accessToken, refreshToken } = await startWorld(t)
  const both = await startSecond(t, service, { current: LAST, previous: [NEXT, SECRET] })
  assert.equal((await both.request('/api/auth/me', { bearer: accessToken })).status, 200)
  const dropped = await startSecond(t, service, { current: LAST, previous: [NEXT] })
  assert.equal((await dropped.request('/api/auth/me', { bearer: accessToken })).status, 401)
  assert.equal((await dropped.refresh(refreshToken)).body.message, 'Invalid refresh token.')
  assert.equal((await dropped.exchange(accessToken)).body.message, 'Invalid access token.')
  const logout = await dropped.request('/api/auth/logout', { method: 'POST', bearer: refreshToken })
  assert.equal(logout.body.message, 'Invalid token.')
  // None of that ended the session.
  assert.equal((await both.refresh(refreshToken)).status, 200)
})

test('a token of the new secret means nothing to a process that has not got it', async (t) => {
  const { service, refreshToken } = await startWorld(t)
  const next = await startSecond(t, service, { current: NEXT, previous: [SECRET] })
  const { body } = await next.refresh(refreshToken)
  assert.equal((await service.refresh(body.data.refresh_token)).status, 401)
  // The session still continues.
  assert.equal((await next.refresh(body.data.refresh_token)).status, 200)
})

// `docs/operations.md`, "Changing the secret": two processes that are restarted in turn. Behind a load balancer, either may
// get a request.
const OLD_ALONE = { current: SECRET, previous: [] }
const NEW_KNOWN = { current: SECRET, previous: [NEXT] }
const NEW_SIGNS = { current: NEXT, previous: [SECRET] }
const NEW_ALONE = { current: NEXT, previous: [] }

testOnBoth(
  'two processes, restarted in turn: known first, then signing, and nobody is refused',
  async (t) => {
    const { service, ...tokens } = await startWorld(t)
    const both = [await startSecond(t, service, OLD_ALONE), await startSecond(t, service, OLD_ALONE)]
    let { accessToken, refreshToken } = tokens
    const askBoth = async (step: string) => {
      for (const first of both) {
        const second = both.find((one) => one !== first) ?? first
        const answers = await Promise.all([first, second, first].map((one) => one.refresh(refreshToken)))
        const retry = await second.refresh(refreshToken)
        assert.deepEqual(
          [...answers, retry].map(({ status }) => status),
          [200, 200, 200, 200],
          step,
        )
        refreshToken = retry.body.data.refresh_token
        const exchanged = await first.exchange(accessToken)
        assert.equal(exchanged.status, 200, step)
        accessToken = exchanged.body.access_token
        for (const bearer of [accessToken, ...answers.map(({ body }) => body.data.access_token)])
          assert.equal((await second.request('/api/auth/me', { bearer })).status, 200, step)
      }
      // After the grace window
      service.clock.now += MINUTE
    }

    await askBoth('before')
    for (const [step, secrets] of Object.entries({ NEW_KNOWN, NEW_SIGNS })) {
      for (const at of both.keys()) {
        both[at] = await startSecond(t, service, secrets)
        await askBoth(`${step}, process ${at + 1}`)
      }
    }
    assert.ok(isSignedWith(refreshToken, NEXT) && isSignedWith(accessToken, NEXT))
    // As late as the expiry of the last token of the old secret
    for (const at of both.keys()) {
      both[at] = await startSecond(t, service, NEW_ALONE)
      await askBoth(`dropped, process ${at + 1}`)
    }
  },
)
