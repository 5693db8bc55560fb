/** `rekindle conform` through a real nginx with the lines of `docs/client.md`, at the root and below a path. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { conform } from '../../src/conform/run.ts'
import { atRoot, belowPrefix, isInstalled, startNginx } from '../http/nginx.ts'
import { ADMIN_TOKEN, startService } from '../support/service.ts'

const skip = !isInstalled && 'there is no nginx'

for (const [path, locations] of [
  ['', atRoot],
  ['/auth', belowPrefix],
] as const) {
  test(`${path || 'the root'}: no difference, and administration is closed`, {
    skip,
    timeout: 180_000,
  }, async (t) => {
    const service = await startService(t, { trustProxy: 1 })
    const port = await startNginx(t, service, locations)
    const url = `http://127.0.0.1:${port}${path}`
    const { differences, responses, rules } = await conform({ url })
    assert.deepEqual(differences, [])
    assert.ok(responses.filter(({ outcome }) => outcome === 'reached').length > 90)
    const unchecked = rules.flatMap(({ outcome, why }) => (outcome === 'holds' ? [] : [why]))
    assert.deepEqual(new Set(unchecked), new Set(['needs ADMIN_TOKEN']))
    await assert.rejects(conform({ url, adminToken: ADMIN_TOKEN }), /administration is off or closed there/)
  })
}

test('administration through a proxy that lets it pass', { skip, timeout: 180_000 }, async (t) => {
  const service = await startService(t, { trustProxy: 1 })
  const open = belowPrefix.replace(/location \/auth\/admin\/ \{[^}]*\}/, '')
  const port = await startNginx(t, service, open)
  const { differences, rules } = await conform({
    url: `http://127.0.0.1:${port}/auth`,
    adminToken: ADMIN_TOKEN,
  })
  assert.deepEqual(differences, [])
  assert.ok(rules.every(({ outcome }) => outcome === 'holds'))
})
