/** The contract and its pages, served by this service alone. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { request as nodeRequest } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { Hono } from 'hono'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/server/listen.ts'
import { checkResponse, contract } from '../support/check-response.ts'
import { override, startService } from '../support/service.ts'

type Edit = (document: typeof contract & Record<string, unknown>) => unknown

/** The contract of the files, changed as a service may change it. */
const edited = (...edits: Edit[]) => {
  const document = JSON.parse(JSON.stringify(contract))
  document.servers = [{ url: '.', description: 'This service' }]
  for (const edit of edits) edit(document)
  return document
}

/** Examples and the name of the security scheme, also of the cookie that is bound to a device */
const cookie =
  (name: string): Edit =>
  (document) =>
    Object.assign(document, JSON.parse(JSON.stringify(document).replaceAll('__Host-refresh_token', name)))

test('/openapi.json is the bundled contract with the cookie of this service', async (t) => {
  const service = await startService(t, { cookie: { name: 'rt', secure: true, sameSite: 'Lax' } })
  const { body } = await service.request('/openapi.json')
  assert.deepEqual(body, edited(cookie('rt')))
  // It is bundled: every reference is inside it.
  for (const target of references(body)) assert.match(target, /^#\//)
})

const references = (document: object): string[] =>
  [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)].map(([, target]) => `${target}`)

test('without ADMIN_TOKEN, nothing of administration is in /openapi.json', async (t) => {
  const service = await startService(t)
  override(service.core, { adminToken: undefined })
  const { components, ...document } = (await service.request('/openapi.json')).body
  const { components: all, ...expected } = edited(cookie('refresh_token'))
  expected.paths = Object.fromEntries(
    Object.entries(expected.paths).filter(([path]) => !path.startsWith('/admin/')),
  )
  expected.tags = expected.tags.filter(({ name }: { name: string }) => name !== 'admin')
  assert.deepEqual(document, expected)

  const { securitySchemes, ...parts } = components
  const { adminToken: _, ...schemes } = all.securitySchemes
  assert.deepEqual(securitySchemes, schemes)
  // What is left is the same, and used.
  const names = Object.entries(parts).flatMap(([kind, left]) =>
    Object.entries(left as object).map(([name, part]) => {
      assert.deepEqual(part, all[kind][name])
      return `#/components/${kind}/${name}`
    }),
  )
  assert.deepEqual(names.sort(), [...new Set(references({ ...document, components }))].sort())
  assert.ok(names.length < references(all).length)
})

/** A request whose answer is read as it was sent. `fetch` would decode it. */
async function get(url: string, path: string, headers: Record<string, string> = {}, method = 'GET') {
  const { promise, resolve, reject } = Promise.withResolvers<import('node:http').IncomingMessage>()
  nodeRequest(url + path, { method, headers: { Connection: 'close', ...headers } }, resolve)
    .on('error', reject)
    .end()
  const response = await promise
  const bytes = await buffer(response)
  return { status: response.statusCode, headers: response.headers, bytes }
}

const FILES = [
  '/openapi.json',
  '/docs',
  '/docs/docs.js',
  '/docs/docs.css',
  '/docs/swagger-ui.css',
  '/docs/swagger-ui-bundle.js',
]

test('each file in the coding that the client prefers, with a tag of these bytes', async (t) => {
  const { url } = await startService(t)
  const DECODE = { br: brotliDecompressSync, gzip: gunzipSync, identity: (bytes: Buffer) => bytes }
  for (const path of FILES) {
    const plain = await get(url, path)
    const tags = new Set<string | undefined>()
    for (const [accepted, coding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip;q=1.0, br;q=0.5', 'gzip'],
      ['BR ; q=0, GZIP', 'gzip'],
      ['*', 'br'],
      ['*;q=0.5, br;q=0', 'gzip'],
      ['identity, br;q=0.9', 'identity'],
      ['br;q=0', 'identity'],
      ['zstd', 'identity'],
      ['', 'identity'],
      ['br;q=x', 'br'],
    ] as const) {
      const { status, headers, bytes } = await get(url, path, { 'Accept-Encoding': accepted })
      assert.deepEqual(
        [status, headers['content-encoding'], headers.vary, headers['content-length']],
        [200, coding === 'identity' ? undefined : coding, 'Accept-Encoding', String(bytes.length)],
        `${path} ${accepted}`,
      )
      assert.deepEqual(DECODE[coding](bytes), plain.bytes)
      assert.equal(headers.etag, `"${createHash('sha256').update(bytes).digest('base64url')}"`)
      assert.equal(headers['cache-control'], 'no-cache')
      tags.add(headers.etag)
    }
    assert.equal(tags.size, 3)
  }
})

test('304 for a client that has these bytes, and only for it', async (t) => {
  const { url } = await startService(t)
  for (const path of FILES) {
    const br = { 'Accept-Encoding': 'br' }
    const { etag = '' } = (await get(url, path, br)).headers
    for (const tags of [etag, `W/${etag}`, `"a", ${etag} ,"b"`, '*']) {
      for (const method of ['GET', 'HEAD']) {
        const answer = await get(url, path, { ...br, 'If-None-Match': tags }, method)
        assert.deepEqual(
          [answer.status, answer.bytes.length, answer.headers.etag],
          [304, 0, etag],
          `${path} ${tags}`,
        )
        assert.equal(answer.headers.vary, 'Accept-Encoding')
        assert.equal(answer.headers['content-type'], undefined)
        assert.equal(answer.headers['content-encoding'], undefined)
      }
    }
    for (const tags of ['"a"', etag.slice(1, -1), ''])
      assert.equal((await get(url, path, { ...br, 'If-None-Match': tags })).status, 200, tags)
    // What it has is encoded, and it does not accept that now.
    assert.equal((await get(url, path, { 'If-None-Match': etag })).status, 200)
  }
})

test('the tag of /openapi.json is of what this service serves', async (t) => {
  const tagOf = async (settings: Parameters<typeof startService>[1]) => {
    const service = await startService(t, settings)
    return (await service.request('/openapi.json')).headers.get('ETag')
  }
  const cookie = { secure: false, sameSite: 'Strict' } as const
  const [one, same, other] = [
    await tagOf({ cookie: { ...cookie, name: 'a' } }),
    await tagOf({ cookie: { ...cookie, name: 'a' } }),
    await tagOf({ cookie: { ...cookie, name: 'b' } }),
  ]
  assert.equal(one, same)
  assert.notEqual(one, other)
})

test('with CORS, caches are told of both headers that an answer depends on', async (t) => {
  const { url } = await startService(t, { corsOrigins: ['https://app.example'] })
  for (const Origin of ['https://app.example', 'https://evil.example']) {
    const { headers } = await get(url, '/openapi.json', { Origin })
    assert.deepEqual(headers.vary?.split(', ').sort(), ['Accept-Encoding', 'Origin'])
  }
})

/** Where a browser comes to from a path. */
async function destination(url: string, path: string, method = 'GET'): Promise<string | number> {
  const response = await fetch(url + path, { method, redirect: 'manual' })
  const location = response.headers.get('Location')
  if (response.status !== 302 || location === null) return response.status
  checkResponse(method, path.replace(/^\/auth\/?/, '/'), response, await response.text())
  assert.doesNotMatch(location, /^\/|:/, 'the service does not know its own URL')
  const target = new URL(location, response.url)
  assert.equal((await fetch(target)).status, 200, target.href)
  return target.href.replace(url, '')
}

async function startBelow(t: TestContext): Promise<string> {
  const { core } = await startService(t)
  const outer = new Hono().mount('/auth', createApp(core).fetch)
  const listener = await listen(outer as unknown as ReturnType<typeof createApp>, {
    host: '127.0.0.1',
    port: 0,
  })
  t.after(() => listener.close(1000))
  return listener.url
}

test('/ and /docs/ lead to /docs, also inside another app', async (t) => {
  const { url } = await startService(t)
  for (const path of ['/', '/docs/', '/?a=b', '/docs/?a=/b'])
    for (const method of ['GET', 'HEAD']) assert.equal(await destination(url, path, method), '/docs')
  for (const path of ['/', '/docs/']) assert.equal(await destination(url, path, 'POST'), 404)

  const below = await startBelow(t)
  for (const path of ['/auth', '/auth/', '/auth?a=b/', '/auth/docs/'])
    assert.equal(await destination(below, path), '/auth/docs', path)
})

test('/docs loads nothing from other hosts, and everything that it names is there', async (t) => {
  const service = await startService(t)
  const { text, headers } = await service.request('/docs')
  assert.doesNotMatch(text, /https?:|(src|href)="\/\//)
  assert.doesNotMatch(text, /<script(?![^>]*src=)/, 'no inline script: the policy forbids it')
  const policy = headers.get('Content-Security-Policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.match(policy, /script-src 'self'(;|$)/)
  assert.doesNotMatch(policy, /https?:|\*|unsafe-eval/)
  const named = [...text.matchAll(/(?:src|href)="(?!data:)([^"]+)"/g)].map(([, path]) => path)
  assert.ok(named.length >= 4)
  for (const path of named) {
    const asset = await service.request(new URL(path ?? '', `${service.url}/docs`).pathname)
    assert.equal(asset.status, 200, path)
    assert.equal(asset.headers.get('Content-Security-Policy'), policy)
    assert.equal(asset.headers.get('X-Content-Type-Options'), 'nosniff')
  }
})

test('/docs/{asset} has these files and no others, above all none of the disk', async (t) => {
  const service = await startService(t)
  const others = [
    'swagger-ui.css.map',
    'index.html',
    '__proto__',
    'toString',
    '..%2f..%2fpackage.json',
    '%2e%2e%2f',
    '%00',
  ]
  for (const name of [...others, 'docs.js%00', 'DOCS.JS', '..%5cdocs.js', '%252e%252e%252fdocs.js']) {
    const { status, body } = await service.request(`/docs/${name}`)
    assert.deepEqual([status, body.message], [404, 'Not found.'], name)
  }
})
