/** Opens and migrates a database at a given moment, and says which migrations it ran. */
import { migrate } from '../../../src/store/migrate.ts'
import { openStore } from '../../../src/store/open.ts'

const [database = '', moment = '0'] = process.argv.slice(2)

// All begin in the same millisecond, whatever time it took to start them.
while (Date.now() < Number(moment));
const store = await openStore(JSON.parse(database))
console.log(JSON.stringify(await migrate(store.db)))
await store.close()
