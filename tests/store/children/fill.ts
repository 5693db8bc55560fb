/** Writes enough to start a checkpoint, and closes the store at once. */
import { openStore } from '../../../src/store/open.ts'
import { addSession } from '../rows.ts'

const [file = '', user = ''] = process.argv.slice(2)
const store = await openStore({ dialect: 'sqlite', file })
for (let commit = 0; commit < 101; commit++) {
  const rows = Array.from({ length: 2 }, () => addSession(store.db, user, { user_agent: 'x'.repeat(38_000) }))
  await Promise.all(rows)
}
await store.close()
