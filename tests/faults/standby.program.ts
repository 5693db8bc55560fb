/**
 * A synchronous standby hangs: rotations are committed here, but the server does not say so. Their clients get 503, and try
 * again after the grace window. Nobody is logged out, whatever the length.
 *
 * In full length: STANDBY_SECONDS=90 node --test tests/faults/standby.program.ts
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openPlace } from '../crash/target.ts'
import { connect } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { startService } from '../support/service.ts'

const DEVICES = 30
const GIVEN = process.env['STANDBY_SECONDS']
// Longer than our own clock waits for a statement. The rest of a longer one passes on the clock of the test.
const REAL = GIVEN === undefined ? 4 : Number(GIVEN)
const LENGTHS = GIVEN === undefined ? [10, 40, 90, 3600] : [REAL]

interface Device {
  token: string
  readonly userAgent: string
}

async function refresh(service: Service, device: Device): Promise<number> {
  const { status, body } = await service.request('/refresh_token', {
    method: 'POST',
    bearer: device.token,
    headers: { 'User-Agent': device.userAgent },
  })
  if (status === 200) device.token = body.data.refresh_token
  return status
}

test('a synchronous standby hangs: no session ends, whatever the length', async (t) => {
  const { options } = await openPlace(t, 'postgres')
  let skipped = 0
  const clock = {
    get now() {
      return Date.now() + skipped
    },
  }
  const service = await startService(t, { database: options }, clock)
  const outside = await connect(options)
  t.after(() => outside.close())
  await service.register()
  const devices: Device[] = []
  for (let index = 0; index < DEVICES; index++)
    devices.push({ token: (await service.login()).refreshToken, userAgent: `device ${index}` })

  for (const length of LENGTHS) {
    const answers: Record<number, number> = {}
    let isHanging = true
    // A standby of this name never comes.
    await outside.query(`alter system set synchronous_standby_names = 'nobody'`)
    await outside.query('select pg_reload_conf()')
    await pause(300)
    const tryAll = devices.map(async (device) => {
      do {
        const status = await refresh(service, device)
        answers[status] = (answers[status] ?? 0) + 1
        if (status === 200) return
        await pause(1000)
      } while (isHanging)
    })
    await pause(REAL * 1000)
    skipped += Math.max(0, length - REAL) * 1000
    isHanging = false
    await outside.query('alter system reset synchronous_standby_names')
    await outside.query('select pg_reload_conf()')
    await Promise.all(tryAll)
    for (const device of devices) {
      let status = await refresh(service, device)
      for (let tries = 0; status === 503 && tries < 20; tries++) {
        await pause(500)
        status = await refresh(service, device)
      }
      assert.equal(status, 200, `${device.userAgent} after ${length} s`)
    }
    const ended = await outside.query(
      `select count(*)::int as ended from sessions where revoked_at is not null`,
    )
    t.diagnostic(`${length} s: ${JSON.stringify(answers)}, ${JSON.stringify(ended)}`)
    assert.deepEqual(ended, [{ ended: 0 }])
    // The next stall begins with sessions that are at rest.
    skipped += 31_000
  }
})
