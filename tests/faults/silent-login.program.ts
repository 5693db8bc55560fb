/** PostgreSQL falls silent while connections log in: its processes stay, and cost connections of the server. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { openPool } from '../../src/store/postgres/pool.ts'
import { freshDatabase } from '../support/database.ts'

const SIZE = 2

for (const passed of [0, 1]) {
  test(`after ${passed} of its messages, no more processes are begun than the pool may have`, {
    timeout: 180_000,
  }, async (t) => {
    // The far sockets stay open, as those of processes that hang. They end before the database is dropped, which waits for
    // logins.
    const far: Socket[] = []
    t.after(() => {
      for (const socket of far) socket.destroy()
    })
    const database = await freshDatabase(t, 'postgres')
    if (database.dialect !== 'postgres') throw new TypeError('not PostgreSQL')
    const url = new URL(database.url)
    const { port, hostname } = url
    const server = createServer((near) => {
      const socket = connect(Number(port), hostname)
      far.push(socket)
      let messages = 0
      near.on('error', () => {}).on('data', (data) => socket.write(data))
      socket.on('error', () => {}).on('data', (data) => messages++ < passed && near.write(data))
    }).listen(0, '127.0.0.1')
    t.after(() => server.close())
    await once(server, 'listening')
    url.port = String((server.address() as AddressInfo).port)

    const pool = openPool(url.href, { size: SIZE, preparedStatements: 'auto' })
    t.after(() => pool.end())
    for (let round = 0; round < 3; round++) {
      const tries = Array.from({ length: SIZE }, () => pool.connect())
      // These still wait for a connection when the login of the first ones is given up.
      await pause(200)
      tries.push(...Array.from({ length: SIZE }, () => pool.connect()))
      for (const { status } of await Promise.allSettled(tries)) assert.equal(status, 'rejected')
    }
    assert.equal(far.length, SIZE)
  })
}
