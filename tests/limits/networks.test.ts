import assert from 'node:assert/strict'
import { test } from 'node:test'
import { networkOf } from '../../src/limits/networks.ts'

const rows: readonly (readonly [address: string | null, network: string])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:DB8:0:0:ffff::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['2001:0db8:0000:0001:0000:0000:0000:0001', '2001:db8:0:1::/64'],
  ['1:2:3:4:5:6:7:8', '1:2:3:4::/64'],
  ['::', '0:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:c000:201', '192.0.2.1'],
  [null, 'unknown'],
]

for (const [address, network] of rows) {
  test(`${address} counts as ${network}`, () => assert.equal(networkOf(address), network))
}
