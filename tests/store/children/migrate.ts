/** Opens and migrates a database on request, and prints the migrations that it ran. */
import { once } from 'node:events'
import { migrate } from '../../../src/store/migrate.ts'
import { openStore } from '../../../src/store/open.ts'

const [database = ''] = process.argv.slice(2)

console.error('there')
await once(process.stdin.resume(), 'end')
const store = await openStore(JSON.parse(database))
console.log(JSON.stringify(await migrate(store.db)))
await store.close()
