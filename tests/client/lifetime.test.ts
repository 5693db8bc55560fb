/** How long a token lasts when clocks are wrong, are set, or stop during sleep. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifetimeOf } from '../../src/client/tokens.ts'

const HOUR = 3_600_000

/** The test controls both clocks. */
function withClocks(work: (clocks: { wall: number; monotonic: number }) => void): void {
  const clocks = { wall: Date.UTC(2026, 10, 22), monotonic: 1000 }
  const { now } = Date
  const { performance } = globalThis
  Date.now = () => clocks.wall
  Object.defineProperty(globalThis, 'performance', {
    value: { now: () => clocks.monotonic },
    configurable: true,
  })
  try {
    work(clocks)
  } finally {
    Date.now = now
    Object.defineProperty(globalThis, 'performance', { value: performance, configurable: true })
  }
}

const tokens = (receivedAt: number) => ({ accessToken: 'a', expiresIn: 1800, receivedAt, sequence: 1 })

for (const [what, wall, monotonic, remaining] of [
  ['time passes', 600_000, 600_000, 1200_000],
  ['the wall clock is set back by an hour', 600_000 - HOUR, 600_000, 1200_000],
  [
    'the wall clock is set forward by an hour: refreshed early, which does no harm',
    600_000 + HOUR,
    600_000,
    -2400_000,
  ],
  ['the monotonic clock stands still while the device sleeps', HOUR, 0, -1800_000],
] as const) {
  test(what, () => {
    withClocks((clocks) => {
      const left = lifetimeOf(tokens(clocks.wall))
      clocks.wall += wall
      clocks.monotonic += monotonic
      assert.equal(left(), remaining)
    })
  })
}

test('tokens of another tab count from when they were received there', () => {
  withClocks((clocks) => {
    const left = lifetimeOf(tokens(clocks.wall - 600_000))
    clocks.monotonic += 60_000
    assert.equal(left(), 1140_000)
  })
})

test('tokens that seem to come from the future last no longer for it', () => {
  withClocks((clocks) => {
    const left = lifetimeOf(tokens(clocks.wall + HOUR))
    clocks.monotonic += 60_000
    assert.equal(left(), 1740_000)
  })
})
