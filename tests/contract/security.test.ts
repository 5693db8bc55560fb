/** The ways to authenticate in the contract are those that the operations ask for, and no others are accepted. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '../support/check-response.ts'
import type { Request } from '../support/service.ts'
import { ADMIN_TOKEN, INTROSPECTION_TOKEN, REVOCATIONS_TOKEN, startService } from '../support/service.ts'

interface Described {
  readonly operationId: string
  readonly deprecated?: boolean
  readonly security: readonly Readonly<Record<string, unknown>>[]
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly example: string }[]
  readonly requestBody?: {
    readonly content: Readonly<
      Record<string, { readonly examples: Readonly<Record<string, { readonly value: unknown }>> }>
    >
  }
  readonly responses: Readonly<Record<string, { readonly headers?: object }>>
}

/** What is missing without any of these schemes, in the word of the 401 */
const MISSING: Readonly<Record<string, string>> = {
  '': '',
  refreshToken_refreshCookie: 'refresh_token_missing',
  refreshToken_refreshCookie_accessToken: 'token_missing',
  accessToken: 'access_token_missing',
  adminToken: 'admin_token_missing',
  revocationsToken: 'revocations_token_missing',
  introspectionToken_introspectionBasic: 'introspection_token_missing',
  // They are hidden while device bound sessions are off.
  deviceProof: '',
}

const cookie = { name: 'refresh_token', secure: true, sameSite: 'Strict' } as const
const BOUND = { dbsc: 'optional', cookie } as const

const described = operations.map(({ method, path, operation }) => {
  const { security, parameters = [], requestBody, ...rest } = operation as unknown as Described
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  const [[type = '', part] = []] = Object.entries(requestBody?.content ?? {})
  return {
    ...rest,
    schemes: security.flatMap((way) => Object.keys(way)),
    request: ({ headers, ...more }: Request): Request => {
      const [value] = Object.values(part?.examples ?? {}).map((example) => example.value)
      if (value === undefined) return { method, ...(headers && { headers }), ...more }
      if (type === 'application/json') return { method, json: value, ...(headers && { headers }), ...more }
      const body = new URLSearchParams(value as Record<string, string>).toString()
      return { method, body, headers: { 'Content-Type': type, ...headers }, ...more }
    },
    url: inPath.reduce((url, { name, example }) => url.replace(`{${name}}`, example), path),
  }
})

test('without a credential, an operation asks for what its security names, or for nothing', async (t) => {
  const { request } = await startService(t)
  for (const { operationId, schemes, url, request: ask } of described) {
    const expected = MISSING[schemes.join('_')]
    const { status, headers } = await request(url, ask({}))
    const word = headers.get('Rekindle-Error') ?? ''
    assert.ok(expected !== undefined, operationId)
    if (expected === '') assert.doesNotMatch(word, /_missing$/, operationId)
    else assert.deepEqual([status, word], [401, expected], operationId)
  }
})

test('a credential of another scheme is refused', async (t) => {
  for (const { operationId, schemes, url, request: ask } of described) {
    if (schemes.length === 0) continue
    const service = await startService(t, BOUND)
    await service.register()
    const { accessToken, refreshToken } = await service.login()
    const all = {
      refreshToken: { bearer: refreshToken },
      refreshCookie: { cookie: `refresh_token=${refreshToken}` },
      accessToken: { bearer: accessToken },
      adminToken: { bearer: ADMIN_TOKEN },
      revocationsToken: { bearer: REVOCATIONS_TOKEN },
      introspectionToken: { bearer: INTROSPECTION_TOKEN },
      introspectionBasic: {
        headers: {
          Authorization: `Basic ${Buffer.from(`gateway:${INTROSPECTION_TOKEN}`).toString('base64')}`,
        },
      },
    }
    for (const [scheme, credential] of Object.entries(all).filter(([name]) => !schemes.includes(name)))
      assert.equal((await service.request(url, ask(credential))).status, 401, `${operationId} by ${scheme}`)
    // A proof is of one challenge, so there is none to hand over.
    for (const scheme of schemes.filter((name) => name !== 'deviceProof')) {
      const { accessToken: access, refreshToken: refresh } = await service.login()
      const fresh = { accessToken: { bearer: access }, refreshToken: { bearer: refresh } }
      const cookie = { refreshCookie: { cookie: `refresh_token=${refresh}` } }
      const credential = { ...all, ...fresh, ...cookie }[scheme as keyof typeof all]
      const { status } = await service.request(url, ask(credential))
      assert.notEqual(status, 401, `${operationId} by ${scheme}`)
    }
    await service.stop()
  }
})

test('a deprecated operation says so in its responses, and no other does', () => {
  for (const { operationId, deprecated = false, responses } of described) {
    const says = Object.entries(responses).filter(([, { headers = {} }]) => 'Deprecation' in headers)
    assert.deepEqual(
      says.map(([status]) => status),
      deprecated ? ['200'] : [],
      operationId,
    )
  }
})
