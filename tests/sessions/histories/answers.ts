/** Compares real responses with the predicted ones. */
import assert from 'node:assert/strict'
import type { Answer as Reply } from '../../support/service.ts'
import type { Model } from '../model.ts'
import type { AccessToken, Answer, RefreshToken, Texts } from './words.ts'

const claimsOf = (text: string) =>
  JSON.parse(Buffer.from(text.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>

/** A token that was issued before must return as the same bytes. Any other token must be new. */
function checkToken(texts: Texts, token: RefreshToken | AccessToken, text: unknown): void {
  assert.ok(typeof text === 'string', 'a token is missing')
  const isOfRevokedKey = token.kind === 'access' && token.isOfRevokedKey
  if (token.text !== '' && !isOfRevokedKey) {
    assert.equal(text, token.text, 'not the byte-identical token')
    return
  }
  assert.ok(!texts.has(text), 'a token was given out twice')
  if (isOfRevokedKey) assert.equal(claimsOf(text)['jti'], claimsOf(token.text)['jti'])
  texts.set(text, token)
  token.text = text
  if (token.kind === 'access') token.isOfRevokedKey = false

  const { session } = token
  const { jti, mark, ...claims } = claimsOf(text)
  // The service chooses the id when a user logs in.
  if (session.id === '') session.id = String(claims['sid'])
  const common = { sub: session.user.id, sid: session.id, iat: token.iat, exp: token.exp }
  const { generation } = token
  if (token.kind === 'refresh') {
    assert.deepEqual(claims, { ...common, type: 'refresh', generation })
    assert.equal(typeof mark, token.copyOf === undefined ? 'undefined' : 'string')
    assert.equal(jti, `${session.id}.${generation}${mark === undefined ? '' : `.${mark}`}`)
  } else {
    assert.deepEqual(claims, { ...common, type: 'access', ...(generation > 0 && { generation }) })
  }
}

/** Compares a real response with the predicted one, exactly. An operator's action has no response. */
export function checkAnswer(
  model: Model,
  texts: Texts,
  reply: Reply | undefined,
  expected: Answer | undefined,
): void {
  if (reply === undefined || expected === undefined) {
    assert.equal(reply, expected)
    return
  }
  const body = reply.body.data ?? reply.body
  const { message } = expected
  assert.deepEqual(
    { status: reply.status, ...(message !== undefined && { message: body.message }) },
    { status: expected.status, ...(message !== undefined && { message }) },
  )
  if (expected.access !== undefined) {
    checkToken(texts, expected.access, body.access_token)
    const left = expected.access.exp - Math.floor(model.now / 1000)
    assert.equal(body.expires_in, Math.max(0, left))
  }
  if (expected.refresh === undefined) assert.equal(body.refresh_token, undefined)
  else checkToken(texts, expected.refresh, body.refresh_token)
  assert.equal(body.sessions_ended, expected.sessionsEnded)
  const ids = body.sessions?.map(({ id }: { id: string }) => id).sort()
  assert.deepEqual(ids, expected.sessions?.map(({ id }) => id).sort())
}
