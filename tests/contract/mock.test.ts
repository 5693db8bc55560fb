/** The mock, started as in `docs/mock.md`, returns each documented response that is requested. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { documented, operations } from '../support/check-response.ts'
import { startMock } from './start-mock.ts'

/** The parts that make a request valid: Prism answers other requests with 400 or 401, whatever they prefer. */
interface Needs {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example: string }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, Examples>> }
  readonly security?: readonly object[]
}
interface Examples {
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

function requestFor({ method, path, operation }: (typeof operations)[number]) {
  const { parameters = [], requestBody, security = [] } = operation as Needs
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  const url = inPath.reduce((text, { name, example }) => text.replace(`{${name}}`, example), path)
  const [[type, { examples = {} }] = ['', {} as Examples]] = Object.entries(requestBody?.content ?? {})
  const [value] = Object.values(examples).map((example) => example.value)
  const body =
    type === 'application/json'
      ? JSON.stringify(value)
      : new URLSearchParams(value as object as Record<string, string>).toString()
  const headers = {
    ...(value !== undefined && { 'Content-Type': type }),
    ...(security.length > 0 && { Authorization: 'Bearer any.token.will.do' }),
    ...(security.some((one) => 'deviceProof' in one) && { 'Secure-Session-Response': 'any.proof.will.do' }),
  }
  return { url, method, headers, ...(value !== undefined && { body }) }
}

test('every documented response can be had', { timeout: 180_000 }, async (t) => {
  const mock = await startMock(t)
  let asked = 0
  for (const operation of operations) {
    const { url, headers, ...request } = requestFor(operation)
    for (const status of Object.keys(operation.operation.responses)) {
      const { content = {} } = documented(operation.operation, status) ?? {}
      for (const [type, { examples = {} }] of Object.entries(content) as [string, Examples][]) {
        for (const [example, { value }] of Object.entries(examples)) {
          const prefer = { Prefer: `code=${status}, example=${example}`, Accept: type }
          const response = await fetch(mock + url, { ...request, headers: { ...headers, ...prefer } })
          const name = `${operation.operation.operationId} ${status} ${type} ${example}`
          const text = await response.text()
          assert.deepEqual(
            [response.status, response.headers.get('Content-Type')],
            [Number(status), type],
            name,
          )
          assert.deepEqual(type === 'application/json' ? JSON.parse(text) : text, value, name)
          asked++
        }
      }
    }
  }
  t.diagnostic(`${asked} examples of ${operations.length} operations`)
  assert.ok(asked > 100)

  await t.test('values made from the schemas are plausible, and no others are made', async () => {
    const headers = { Authorization: 'Bearer any.token.will.do', Prefer: 'dynamic=true' }
    const response = await fetch(`${mock}/refresh_token`, { method: 'POST', headers })
    const { status, code, data, ...others } = (await response.json()) as Record<string, unknown>
    const { access_token, expires_in, ...rest } = data as Record<string, unknown>
    assert.deepEqual([status, code, others], ['success', 200, {}])
    assert.match(String(access_token), /^eyJ/)
    assert.equal(expires_in, 1800)
    assert.ok(['message', 'refresh_token', 'token_type'].every((name) => name in rest))
    assert.equal(Object.keys(rest).length, 3)
  })

  await t.test('who brings no token is told so', async () => {
    const secured = operations.filter(({ operation }) => ((operation as Needs).security ?? []).length > 0)
    const messages = secured.map(async (operation) => {
      const { url, headers, ...request } = requestFor(operation)
      const without = new Headers(headers)
      for (const name of ['Authorization', 'Secure-Session-Response']) without.delete(name)
      const response = await fetch(mock + url, { ...request, headers: without })
      assert.equal(response.status, 401)
      const { message } = (await response.json()) as { message: string }
      return [operation.operation.operationId, message]
    })
    assert.deepEqual(Object.fromEntries(await Promise.all(messages)), {
      refreshToken: 'Refresh token missing.',
      logout: 'Token missing.',
      logoutAll: 'Access token missing.',
      introspect: 'Introspection token missing.',
      listRevocations: 'Revocations token missing.',
      // A mock cannot ask for a proof first.
      registerDevice: 'Invalid device proof.',
      refreshDevice: 'Device session has ended.',
      listUsers: 'Admin token missing.',
      listEvents: 'Admin token missing.',
      createUser: 'Admin token missing.',
      getUser: 'Admin token missing.',
      deleteUser: 'Admin token missing.',
      deactivateUser: 'Admin token missing.',
      activateUser: 'Admin token missing.',
      setUserPassword: 'Admin token missing.',
      requestPasswordReset: 'Admin token missing.',
      setUserClaims: 'Admin token missing.',
      renameUser: 'Admin token missing.',
      explainUserSessions: 'Admin token missing.',
      listUserSessions: 'Admin token missing.',
      openUserSession: 'Admin token missing.',
      endUserSessions: 'Admin token missing.',
      endUserSession: 'Admin token missing.',
      changePassword: 'Access token missing.',
      me: 'Access token missing.',
      listSessions: 'Access token missing.',
      endSession: 'Access token missing.',
    })
  })
})
