import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { test } from 'node:test'
import { createPasswords, TooBusyError } from '../../src/users/passwords.ts'
import { PASSWORD } from '../fixture.ts'

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make)

test('Argon2id with OWASP’s parameters, each time with another salt', async () => {
  const passwords = createPasswords()
  const hashes = await Promise.all(times(4, () => passwords.hash(PASSWORD)))
  for (const hash of hashes) assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.equal(new Set(hashes.map((hash) => hash.split('$')[4])).size, 4)
  assert.equal(await passwords.verify(hashes[0], PASSWORD), true)
  for (const wrong of [`${PASSWORD} `, PASSWORD.toUpperCase(), PASSWORD.slice(1), '']) {
    assert.equal(await passwords.verify(hashes[0], wrong), false, wrong)
  }
})

test('the same keystrokes on another device: composed or decomposed is the same password', async () => {
  const passwords = createPasswords()
  const composed = 'Größe des Ångström: é'.normalize('NFC')
  const decomposed = composed.normalize('NFD')
  assert.notEqual(composed, decomposed)
  for (const [set, given] of [
    [composed, decomposed],
    [decomposed, composed],
  ] as const) {
    assert.equal(await passwords.verify(await passwords.hash(set), given), true)
  }
  // But not more than that: RFC 8265 §4.2.1 knows no compatibility and no case for passwords.
  const hash = await passwords.hash('oﬃce')
  assert.equal(await passwords.verify(hash, 'office'), false)
})

test('long passwords count to their last character', async () => {
  const passwords = createPasswords()
  const long = '😀'.repeat(255)
  const hash = await passwords.hash(`${long}a`)
  assert.equal(await passwords.verify(hash, `${long}a`), true)
  assert.equal(await passwords.verify(hash, `${long}b`), false)
})

test('nobody’s password is never right, and takes its time all the same', async () => {
  const passwords = createPasswords()
  const hash = await passwords.hash(PASSWORD)
  const spent = async (of: string | undefined) => {
    const started = performance.now()
    const matches = await passwords.verify(of, PASSWORD)
    return [matches, performance.now() - started] as const
  }
  const known = await Promise.all(times(8, () => spent(hash)))
  const unknown = await Promise.all(times(8, () => spent(undefined)))
  assert.ok(unknown.every(([matches]) => !matches))
  assert.ok(known.every(([matches]) => matches))
  const total = (all: readonly (readonly [boolean, number])[]) => all.reduce((sum, [, time]) => sum + time, 0)
  assert.ok(total(unknown) > total(known) / 4, `${total(unknown)} ms against ${total(known)} ms`)
})

test('two at a time and three waiting: one more is refused, and then there is room again', async () => {
  const passwords = createPasswords({ concurrency: 2, queue: 3 })
  const accepted = times(5, () => passwords.hash(PASSWORD))
  await assert.rejects(passwords.hash(PASSWORD), TooBusyError)
  await assert.rejects(passwords.verify(undefined, PASSWORD), { code: 'ERR_TOO_BUSY' })
  await Promise.race(accepted)
  const late = passwords.verify(undefined, PASSWORD)
  await assert.rejects(passwords.hash(PASSWORD), TooBusyError)
  assert.equal(await late, false)
  for (const hash of await Promise.all(accepted)) assert.match(hash, /^\$argon2id\$/)
  // It recovers as a whole: as many as before.
  const again = times(5, () => passwords.hash(PASSWORD))
  await assert.rejects(passwords.hash(PASSWORD), TooBusyError)
  await Promise.all(again)
})

test('a hash that is none fails alone, and its place becomes free', async () => {
  const passwords = createPasswords({ concurrency: 1, queue: 1 })
  for (let count = 0; count < 5; count++) await assert.rejects(passwords.verify('not a hash', PASSWORD))
  assert.match(await passwords.hash(PASSWORD), /^\$argon2id\$/)
})

test('64 may wait by default', async () => {
  const passwords = createPasswords()
  const accepted = times(66, () => passwords.hash(PASSWORD))
  await assert.rejects(passwords.hash(PASSWORD), TooBusyError)
  assert.equal(new Set(await Promise.all(accepted)).size, 66)
})

test('two at a time: the other threads of Node’s pool stay free', async () => {
  const passwords = createPasswords()
  let finished = 0
  const hashing = times(20, () =>
    passwords.hash(PASSWORD).then(() => {
      finished++
    }),
  )
  // By then the hashes are on their way to the threads.
  await new Promise((resolve) => setImmediate(resolve))
  // Behind 20 hashes in a pool of four threads it would wait until 16 of them are done.
  await stat('.')
  assert.ok(finished <= 4, `${finished} hashes went before`)
  await Promise.all(hashing)
})

test('the event loop goes on while 20 passwords are hashed', async () => {
  const passwords = createPasswords()

  async function measure() {
    let isHashing = true
    const hashing = Promise.all(times(20, () => passwords.hash(PASSWORD))).finally(() => {
      isHashing = false
    })
    let turns = 0
    let longest = 0
    let last = performance.now()
    while (isHashing) {
      await new Promise((resolve) => setImmediate(resolve))
      longest = Math.max(longest, performance.now() - last)
      last = performance.now()
      turns++
    }
    await hashing
    return { turns, longest }
  }

  // The machine may be busy with something else, but hardly three times in a row.
  const rounds = [await measure(), await measure(), await measure()]
  const best = rounds.reduce((a, b) => (a.longest < b.longest ? a : b))
  // Hashing on the loop itself would leave it a turn or two for each password.
  assert.ok(best.turns > 200, `${best.turns} turns`)
  // A turn of 50 ms is what a free machine never shows; one that runs other tests as well may.
  assert.ok(best.longest < 500, `a turn took ${best.longest} ms`)
})
