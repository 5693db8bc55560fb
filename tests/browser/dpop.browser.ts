/** Sessions that are bound to a key of the browser: it cannot be extracted, all tabs share it, and without it nothing works. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { realClock, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { openGateway } from './gateway.ts'
import type { BrowserTab } from './tabs.ts'
import { browsers } from './tabs.ts'

const begin = (tab: BrowserTab, dpop = true) =>
  tab.run(
    `void (globalThis.session = client.open({ dpop: ${dpop}, storage: client.webStorage(() => localStorage) }))`,
  )

// Each in a page
const KEY = `new Promise((resolve, reject) => {
  const opened = indexedDB.open('rekindle')
  opened.onerror = reject
  opened.onsuccess = () => {
    const all = opened.result.transaction('keys').objectStore('keys').getAll()
    all.onerror = reject
    all.onsuccess = () => { opened.result.close(); resolve(all.result) }
  }
})`
const EXTRACT = `${KEY}.then(async (keys) => [
  keys.length,
  keys[0].privateKey.extractable,
  await crypto.subtle.exportKey('jwk', keys[0].privateKey).then(() => 'exported', (error) => error.name),
])`
const DELETE = `new Promise((resolve, reject) => {
  const deleted = indexedDB.deleteDatabase('rekindle')
  deleted.onsuccess = () => resolve(null)
  deleted.onerror = deleted.onblocked = reject
})`

for (const [name, launch, skip] of browsers) {
  describe(name, { skip }, () => {
    test('six tabs, a thief of all tokens, and a lost key', { timeout: 120_000 }, async (t) => {
      const gateway = await openGateway(t, () => 1, './bare-page.ts')
      const service = await startService(t, { publicUrl: gateway.url }, realClock)
      gateway.upstream = service.url
      await service.register()
      const row = () => service.core.db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
      const browser = await launch(t)
      const tabs: BrowserTab[] = []
      for (let count = 0; count < 6; count++) tabs.push(await browser.newTab(gateway.url))
      // All at once, so that each of them makes a key unless another was first.
      await Promise.all(tabs.map((tab) => begin(tab)))
      const [first, last] = [tabs[0], tabs[5]]
      assert.ok(first && last)
      await first.run("client.logIn(session, 'ada')")
      await until(async () => (await row()).jkt !== null)
      for (let round = 0; round < 3; round++)
        await Promise.all(tabs.map((tab) => tab.run('session.refresh()')))
      assert.deepEqual(await Promise.all(tabs.map((tab) => tab.run('client.ended'))), [
        [],
        [],
        [],
        [],
        [],
        [],
      ])
      assert.deepEqual(await last.run(EXTRACT), [1, false, 'InvalidAccessError'])

      for (const [generation, tokens] of gateway.issued)
        for (const token of tokens)
          if (generation > 0) {
            const { status, headers } = await service.refresh(token)
            assert.deepEqual([status, headers.get('Rekindle-Error')], [401, 'dpop_proof_missing'])
          }
      assert.equal((await row()).revoked_at, null)
      await last.run('session.refresh()')
      assert.equal(await first.run('client.me(session)'), 'ada')

      for (const tab of tabs.slice(1)) await tab.close()
      await first.run(DELETE)
      await first.open(`${gateway.url}/?lost`)
      await begin(first)
      assert.equal(await first.run('session.refresh()'), undefined)
      assert.deepEqual(await first.run('client.ended'), ['dpop_key_mismatch'])
      await until(async () => (await row()).revoked_reason === 'logout')
    })
  })
}
