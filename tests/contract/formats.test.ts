/** A value of a format that the contract names passes the generated validators, in all of its forms. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as schemas from '../../generated/schemas.ts'
import { instantOf } from '../../src/date-time.ts'
import { contract, validator } from '../support/check-response.ts'

const UUID = '5c1b2f0e-8f0b-4a52-9d7e-3d0a4b8f6c21'

/** Accepted and refused texts, and a validator of a request that has the format */
const FORMATS = {
  'date-time': {
    accepts: (since: string) => schemas.zListEventsQuery.safeParse({ since }).success,
    valid: [
      '2026-11-30T00:00:00Z',
      '2026-11-30T00:00:00+00:00',
      '2026-11-30T00:00:00-00:00',
      '2026-11-30T05:45:00+05:45',
      '2026-11-29T00:01:00-23:59',
      '2026-11-30t00:00:00z',
      '2026-11-30T00:00:00.000000000+00:00',
      '2016-12-31T23:59:60Z',
      '2017-01-01T05:29:60+05:30',
      '2024-02-29T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '9999-12-31T23:59:59.999-23:59',
    ],
    invalid: [
      '2026-11-30',
      '2026-11-30T00:00:00',
      '2026-11-30T00:00Z',
      '2026-11-30T00:00:00+0000',
      '2026-11-30T00:00:00+24:00',
      '2026-11-30T24:00:00Z',
      '2026-02-29T00:00:00Z',
      '2026-11-30T00:00:61Z',
      '2026-11-30T00:00:00.Z',
      '2026-11-30T00:00:00Z\n',
    ],
  },
  uuid: {
    accepts: (id: string) => schemas.zEndSessionPath.safeParse({ id }).success,
    valid: [
      UUID,
      UUID.toUpperCase(),
      '00000000-0000-0000-0000-000000000001',
      `${UUID.slice(0, 14)}0a52-1d7e-3d0a4b8f6c21`,
    ],
    invalid: ['', UUID.slice(1), `${UUID}\n`, `{${UUID}}`, UUID.replaceAll('-', '')],
  },
  ipv4: {
    accepts: (address: string) => schemas.zOpenUserSessionBody.safeParse({ address }).success,
    valid: ['192.0.2.1', '0.0.0.0', '255.255.255.255'],
    invalid: ['192.0.2', '192.0.2.256', '192.0.2.1/32', ' 192.0.2.1'],
  },
  ipv6: {
    accepts: (address: string) => schemas.zOpenUserSessionBody.safeParse({ address }).success,
    valid: ['::', '::1', '2001:DB8::A', '2001:db8:0:0:0:0:0:1', '::ffff:192.0.2.1', '64:ff9b::192.0.2.33'],
    invalid: ['1::2::3', '[::1]', '2001:db8::/32', ':::'],
  },
} as const

for (const [format, { accepts, valid, invalid }] of Object.entries(FORMATS)) {
  test(`${format}: the validators accept what JSON Schema calls valid`, () => {
    const isValid = validator({ type: 'string', format })
    for (const text of valid) assert.deepEqual([text, isValid(text), accepts(text)], [text, true, true])
    // Ajv is more tolerant in some of these.
    for (const text of invalid) assert.equal(accepts(text), false, text)
  })
}

test('a date-time is read as the instant that it names', () => {
  const midnight = Date.UTC(2026, 10, 30)
  for (const text of [
    '2026-11-30T00:00:00Z',
    '2026-11-30t00:00:00z',
    '2026-11-30T00:00:00.0004-00:00',
    '2026-11-30T05:45:00+05:45',
    '2026-11-29T00:01:00-23:59',
    '2026-11-29T23:59:60Z',
  ])
    assert.equal(instantOf(text), midnight, text)
  assert.equal(instantOf('2026-11-30T00:00:00.5z'), midnight + 500)
})

test('the contract has no other format, which nobody would check', () => {
  const used = new Set<string>()
  JSON.stringify(contract, (key, value) => {
    if (key === 'format') used.add(value)
    // Of the service alone, in words of its own
    return key === 'x-server-check' ? undefined : value
  })
  assert.ok(used.size > 1)
  assert.deepEqual(
    [...used].filter((format) => !(format in FORMATS)),
    [],
  )
})
