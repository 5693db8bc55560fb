/** Reads a counter and then writes it in one transaction, many times. */
import { setTimeout as pause } from 'node:timers/promises'
import { openStore } from '../../../src/store/open.ts'

const [file = '', rounds = '0'] = process.argv.slice(2)
const store = await openStore({ dialect: 'sqlite', file })
for (let round = 0; round < Number(rounds); round++) {
  await store.db.transaction().execute(async (trx) => {
    const { generation } = await trx.selectFrom('sessions').select('generation').executeTakeFirstOrThrow()
    // Time for the other process to run in between, if it can.
    await pause(1)
    await trx
      .updateTable('sessions')
      .set({ generation: generation + 1 })
      .execute()
  })
  // SQLite's lock is not fair: a process that takes it again at once can keep the other waiting past its timeout.
  await pause(10)
}
await store.close()
