/** A thread that moves pages from the log to the database when it is told to, and says when it has. */
import { fdatasyncSync, openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import SQLite from 'better-sqlite3'

// A file that was moved away is not to be made anew.
const database = new SQLite(workerData, { fileMustExist: true })
database.pragma('synchronous = FULL')

// SQLite syncs the file only with the checkpoint that moves the last page, for which all have to wait, and then for all
// that were moved before. Never closed: POSIX drops every lock of a process on a file with the first descriptor of it
// that is closed, those of SQLite as well.
const file = openSync(workerData, 'r+')

parentPort?.on('message', (message: 'checkpoint' | 'close') => {
  if (message === 'close') {
    database.close()
    parentPort?.close()
    return
  }
  try {
    database.pragma('wal_checkpoint(passive)')
    fdatasyncSync(file)
  } catch {
    // No room, say: the log keeps it until there is.
  }
  parentPort?.postMessage('done')
})
