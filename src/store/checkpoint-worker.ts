/** A thread that moves pages from the log to the database when it is told to, and says when it has. */
import { parentPort, workerData } from 'node:worker_threads'
import SQLite from 'better-sqlite3'

// A file that was moved away is not to be made anew.
const database = new SQLite(workerData, { fileMustExist: true })
database.pragma('synchronous = FULL')

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'close') {
    database.close()
    parentPort?.close()
    return
  }
  try {
    database.pragma('wal_checkpoint(passive)')
  } catch {
    // No room, say: the log keeps it until there is.
  }
  parentPort?.postMessage('done')
})
