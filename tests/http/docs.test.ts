/** The contract and its pages, served by this service alone. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contract } from '../support/check-response.ts'
import { startService } from '../support/service.ts'

test('/openapi.json is the bundled contract itself', async (t) => {
  const service = await startService(t)
  const { body } = await service.request('/openapi.json')
  assert.deepEqual(body, contract)
  // It is bundled: every reference is inside it.
  for (const [, target] of JSON.stringify(body).matchAll(/"\$ref":"([^"]*)"/g))
    assert.match(`${target}`, /^#\//)
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
  assert.ok(named.length >= 3)
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
    '%2e%2e',
    '%00',
  ]
  for (const name of [...others, 'docs.js%00', 'DOCS.JS', '..%5cdocs.js', '%252e%252e%252fdocs.js']) {
    const { status, body } = await service.request(`/docs/${name}`)
    assert.deepEqual([status, body.message], [404, 'Not found.'], name)
  }
})
