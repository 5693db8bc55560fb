/** A flood of logins from one network: logins from elsewhere get their turn, and a login without one writes nothing. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { connect, test } from '../support/database.ts'
import type { Service } from '../support/service.ts'
import { FULL_COST, LIMITS, PASSWORD, startService } from '../support/service.ts'

const settings = { trustProxy: 1, limits: LIMITS, password: { minLength: 8, ...FULL_COST } }

const logIn = (service: Service, from: string, username: string, password = PASSWORD) =>
  service.tryLogin(password, username, { headers: { 'X-Forwarded-For': from } })

/** Logins with made-up names until the flood ends, each from another /64 of one /48. @returns what ends it */
function flood(service: Service, parallel: number): () => Promise<readonly number[]> {
  let isOver = false
  let count = 0
  const statuses: number[] = []
  const send = async () => {
    while (!isOver) {
      const from = `2001:db8:1:${(count++ * 977).toString(16).slice(-4)}::1`
      statuses.push((await logIn(service, from, `nobody-${count}`)).status)
    }
  }
  const all = Promise.all(Array.from({ length: parallel }, send))
  return async () => {
    isOver = true
    await all
    return statuses
  }
}

const rows = async (service: Service) => {
  const connection = await connect(service.database)
  const [{ events }] = await connection.query('select count(*) as events from events')
  const counters = await connection.query('select * from rate_limits order by key')
  await connection.close()
  return { events: Number(events), counters }
}

test('whatever comes from the /64s of one /48, each login from elsewhere succeeds', async (t) => {
  const service = await startService(t, settings)
  await service.register()
  const end = flood(service, 100)
  while (!/"status":503/.test(service.logged())) await turn()
  const answers = []
  for (const from of ['192.0.2.1', '2001:db8:2::1', '198.51.100.1', '2001:db8:3::1', '203.0.113.1'])
    answers.push((await logIn(service, from, 'ada')).status)
  const statuses = await end()
  assert.deepEqual(answers, [200, 200, 200, 200, 200])
  assert.ok(statuses.includes(401), 'the flood gets its turns as well')
})

test('logins, registrations and users that find no turn write nothing', async (t) => {
  const service = await startService(t, settings)
  await service.register()
  const end = flood(service, 100)
  while (!/"status":503/.test(service.logged())) await turn()
  const statuses = await end()
  const { events, counters } = await rows(service)
  const checked = statuses.filter((status) => status === 401).length
  assert.equal(checked + statuses.filter((status) => status === 503).length, statuses.length)
  // One of the pair of name and network, one of the name, and one of the network: nothing of those that got 503
  assert.equal(counters.filter(({ key }) => key.startsWith('login-delay')).length, checked)
  assert.equal(counters.filter(({ key }) => key.startsWith('login-account')).length, checked)
  assert.ok(counters.every(({ points }) => Number(points) > 0))
  assert.ok(events <= 1 + checked, `${events} events of ${checked} failures`)
})
