import assert from 'node:assert/strict'
import { stat } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'
import { createPasswords } from '../../src/users/passwords.ts'
import { FULL_COST, PASSWORD } from '../support/service.ts'

const times = <T>(count: number, make: () => T) => Array.from({ length: count }, make)

test('Argon2id with OWASP’s parameters, each time with another salt', async () => {
  const passwords = createPasswords(FULL_COST)
  const hashes = await Promise.all(times(4, () => passwords.hash(PASSWORD)))
  for (const hash of hashes) assert.match(hash, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.equal(new Set(hashes.map((hash) => hash.split('$')[4])).size, 4)
  assert.equal(await passwords.verify(hashes[0], PASSWORD), true)
  for (const wrong of [`${PASSWORD} `, PASSWORD.toUpperCase(), PASSWORD.slice(1), '']) {
    assert.equal(await passwords.verify(hashes[0], wrong), false, wrong)
  }
})

test('the same keystrokes on another device: composed or decomposed is the same password', async () => {
  const passwords = createPasswords(FULL_COST)
  const composed = 'Größe des Ångström: é'.normalize('NFC')
  const decomposed = composed.normalize('NFD')
  assert.notEqual(composed, decomposed)
  for (const [set, given] of [
    [composed, decomposed],
    [decomposed, composed],
  ] as const) {
    assert.equal(await passwords.verify(await passwords.hash(set), given), true)
  }
  // But no more than that: RFC 8265 §4.2.1 has no compatibility mapping and no case folding for passwords.
  const hash = await passwords.hash('oﬃce')
  assert.equal(await passwords.verify(hash, 'office'), false)
})

test('long passwords count to their last character', async () => {
  const passwords = createPasswords(FULL_COST)
  const long = '😀'.repeat(255)
  const hash = await passwords.hash(`${long}a`)
  assert.equal(await passwords.verify(hash, `${long}a`), true)
  assert.equal(await passwords.verify(hash, `${long}b`), false)
})

test('nobody’s password is never right, and takes its time all the same', async () => {
  const passwords = createPasswords(FULL_COST)
  const hash = await passwords.hash(PASSWORD)
  const weak = await createPasswords({ memory: 8192, iterations: 1 }).hash(PASSWORD)
  const spent = async (of: string | undefined, password: string) => {
    const before = process.cpuUsage()
    assert.equal(await passwords.verify(of, password), of !== undefined && password === PASSWORD)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  // CPU time, because other programs delay a hash without adding to it. Garbage collection may, so the least of each counts.
  const shortest = { right: Infinity, unknown: Infinity, weak: Infinity }
  for (let round = 0; round < 10; round++) {
    shortest.right = Math.min(shortest.right, await spent(hash, PASSWORD))
    shortest.unknown = Math.min(shortest.unknown, await spent(undefined, PASSWORD))
    // Verifying its hash alone would take a fifth of the time.
    shortest.weak = Math.min(shortest.weak, await spent(weak, 'not the password'))
  }
  assert.ok(shortest.unknown > shortest.right / 2, JSON.stringify(shortest))
  assert.ok(shortest.weak > shortest.right / 2, JSON.stringify(shortest))
})

test('a hash that costs less is raised to what new ones cost, and never lowered', async () => {
  const passwords = createPasswords({ memory: 64, iterations: 2 })
  for (const [memory, iterations, raised] of [
    [64, 1, 'm=64,t=2'],
    [32, 2, 'm=64,t=2'],
    [8, 1, 'm=64,t=2'],
    [128, 1, 'm=128,t=2'],
    [32, 3, 'm=64,t=3'],
    [64, 2, undefined],
    [64, 3, undefined],
    [128, 2, undefined],
  ] as const) {
    const hash = await passwords.rehash(
      await createPasswords({ memory, iterations }).hash(PASSWORD),
      PASSWORD,
    )
    assert.equal(hash?.split('$')[3], raised && `${raised},p=1`)
    if (hash !== undefined) assert.equal(await passwords.verify(hash, PASSWORD), true)
  }
})

test('two at a time, and the pace is what they take together', async () => {
  const passwords = createPasswords(FULL_COST, 2)
  assert.equal(passwords.pace, 0)
  const begun = performance.now()
  let finished = 0
  await Promise.all(times(6, () => passwords.hash(PASSWORD).then(() => finished++)))
  const took = performance.now() - begun
  assert.equal(finished, 6)
  assert.ok(passwords.pace > 1 && passwords.pace <= took / 2, `${passwords.pace} ms of ${took} ms`)
})

test('a hash that is none fails alone, and its place becomes free', async () => {
  const passwords = createPasswords(FULL_COST, 1)
  for (let count = 0; count < 5; count++) await assert.rejects(passwords.verify('not a hash', PASSWORD))
  assert.match(await passwords.hash(PASSWORD), /^\$argon2id\$/)
})

test('by default two are hashed at a time, or one where the event loop needs the other core', () => {
  assert.equal(createPasswords(FULL_COST).concurrency, availableParallelism() > 2 ? 2 : 1)
})

test('two at a time: the other threads of Node’s pool stay free', async () => {
  const passwords = createPasswords(FULL_COST)
  let finished = 0
  const hashing = times(20, () =>
    passwords.hash(PASSWORD).then(
      () => {
        finished++
      },
      () => {}, // On a slow machine the queue refuses some of them.
    ),
  )
  // By then the threads have the hashes.
  await new Promise((resolve) => setImmediate(resolve))
  // Behind 20 hashes in a pool of four threads it would wait for 16 of them.
  await stat('.')
  assert.ok(finished <= 4, `${finished} hashes went before`)
  await Promise.all(hashing)
})

test('the event loop goes on while 20 passwords are hashed', async () => {
  const passwords = createPasswords(FULL_COST)

  async function measure() {
    let isHashing = true
    // On a slow machine the queue refuses some of them.
    const hashing = Promise.allSettled(times(20, () => passwords.hash(PASSWORD))).finally(() => {
      isHashing = false
    })
    let turns = 0
    while (isHashing) {
      await new Promise((resolve) => setImmediate(resolve))
      turns++
    }
    await hashing
    return turns
  }

  // Hashing on the event loop would leave it only a turn or two per password, on any machine.
  const turns = Math.max(await measure(), await measure(), await measure())
  assert.ok(turns > 200, `${turns} turns`)
})
