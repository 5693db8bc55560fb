import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lanesOf, networkOf } from '../../src/limits/networks.ts'

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

const lanes: readonly (readonly [address: string | null, lanes: readonly string[]])[] = [
  ['192.0.2.1', ['192.0.2.0/24', '192.0.2.1']],
  ['::ffff:192.0.2.255', ['192.0.2.0/24', '192.0.2.255']],
  ['2001:db8:1:2ff::1', ['2001:db8:1::/48', '2001:db8:1:200::/56', '2001:db8:1:2ff::/64']],
  ['2001:db8:1:201::1', ['2001:db8:1::/48', '2001:db8:1:200::/56', '2001:db8:1:201::/64']],
  ['::1', ['0:0:0::/48', '0:0:0:0::/56', '0:0:0:0::/64']],
  [null, ['unknown']],
]

for (const [address, expected] of lanes) {
  test(`${address} waits in ${expected.join(', ')}`, () => assert.deepEqual(lanesOf(address), expected))
}
