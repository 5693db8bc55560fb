/** Opens and migrates a file at a given moment, and says which migrations it ran. */
import { migrate } from '../../../src/store/migrate.ts'
import { openStore } from '../../../src/store/open.ts'

const [file = '', moment = '0'] = process.argv.slice(2)

// All begin in the same millisecond, whatever time it took to start them.
while (Date.now() < Number(moment));
const store = await openStore({ dialect: 'sqlite', file })
console.log(JSON.stringify(await migrate(store.db)))
await store.close()
