import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { SecurityEvent } from '../../src/store/event-names.ts'
import { openStore } from '../../src/store/open.ts'
import { insertEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { revokeSession } from '../../src/store/queries/revocations.ts'
import { freshDatabase } from '../support/database.ts'
import { ENTRY, finish, rekindle, start } from '../support/program.ts'
import { startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { urlOf } from './copying.ts'

const HOUR = 3_600_000

test('events: filters, forms, and what the commands leave behind', async (t) => {
  const service = await startService(t, {}, { now: Date.now() - 3 * HOUR })
  const DATABASE_URL = urlOf(service.database)
  const user = await service.register()
  await service.login()
  const { sid } = JSON.parse(atob((await service.login()).accessToken.split('.')[1] ?? ''))
  const { db } = service.core
  await revokeSession(db, { sessionId: sid, reason: 'operator', now: Date.now(), origin: OPERATOR })
  const evil = { ...OPERATOR, userAgent: '\u001b[2Jevil' }
  await insertEvents(db, [{ name: 'login.failed', userId: user.id, reason: 'invalid' }], Date.now(), evil)
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await rekindle(['events', ...args], { DATABASE_URL })
    assert.equal(code, 0)
    assert.match(stderr, args.includes('--json') ? /^$/ : /^\S+: \d+ events\.\n$/)
    return stdout
  }
  const names = async (...args: string[]) =>
    JSON.parse(await run('--json', ...args)).map(({ type }: { type: string }) => type)
  const all = ['login.failed', 'session.revoked', 'session.opened', 'session.opened', 'user.registered']
  assert.deepEqual(await names(), all)
  assert.deepEqual(await names('--user', 'ada', '--limit', '2'), all.slice(0, 2))
  assert.deepEqual(await names('--session', sid), ['session.revoked', 'session.opened'])
  assert.deepEqual(await names('--name', 'session.opened'), ['session.opened', 'session.opened'])
  assert.deepEqual(await names('--since', '2h'), all.slice(0, 2))
  for (const since of ['2026-02-28', '2026-02-28T08:00:00+01:00', '2026-02-28T08:00'])
    assert.deepEqual(await names('--since', since), all)
  assert.deepEqual(await names('--since', new Date(Date.now() + HOUR).toISOString()), [])
  const table = await run()
  assert.match(table, /^TIME +EVENT +REASON +USER +SESSION +REQUEST +ADDRESS +DEVICE\n/)
  assert.match(table, /login\.failed +invalid .* \\u\{1b\}\[2Jevil\n/)
  await rekindle(['users', 'remove', 'ada', '--yes'], { DATABASE_URL })
  assert.deepEqual(await names('--user', user.id, '--limit', '1'), ['user.deleted'], 'who is gone')
})

test('--follow: each once and none missed, of two writers, one of whom shows late what came first', async (t) => {
  const database = await freshDatabase(t, 'postgres')
  const DATABASE_URL = urlOf(database)
  const writers = [await openStore(database), await openStore(database)]
  const [one, two] = writers.map(({ db }) => db)
  assert.ok(one && two)
  const write = (db: typeof one, name: string) =>
    insertEvents(db, [{ name: name as SecurityEvent }], Date.now(), OPERATOR)
  await write(one, 'before')
  const child = start([ENTRY, 'events', '--follow', '--json'], { DATABASE_URL })
  const ended = finish(child)
  let printed = ''
  child.stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString()
  })
  // It is there once it has printed something.
  for (let tries = 0; printed === '' && tries < 100; tries++) {
    await write(one, 'begun')
    await pause(100)
  }
  const late = Promise.withResolvers<void>()
  const slow = one.transaction().execute(async (trx) => {
    await write(trx, 'late')
    await late.promise
  })
  for (let count = 0; count < 10; count++) await write(two, `e${count}`)
  await until(() => printed.includes('"e9"'), 'the last one')
  assert.ok(!printed.includes('"late"'))
  late.resolve()
  await slow
  await until(() => printed.includes('"late"'), 'the late one')
  child.kill('SIGTERM')
  const { code, stderr } = await ended
  assert.deepEqual([code, stderr], [0, ''])
  const names = printed
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type)
    .filter((name) => name !== 'begun')
  assert.deepEqual(names, [...Array.from({ length: 10 }, (_, count) => `e${count}`), 'late'])
  for (const writer of writers) await writer.close()
})
