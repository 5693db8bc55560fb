/** A thread that checkpoints the log on request and reports when it is done. */
import { fdatasyncSync, openSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import SQLite from 'better-sqlite3'

const path = workerData as string

// A file that was moved away must not be created again.
const database = new SQLite(path, { fileMustExist: true })
database.pragma('synchronous = FULL')

// SQLite syncs the file only in the checkpoint that moves the last page, and writers wait for that one. So earlier pages
// are synced here. The descriptor is never closed: closing any descriptor of a file drops all POSIX locks of the process
// on that file, including SQLite's.
const file = openSync(path, 'r+')

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
    // For example, the disk is full. The pages stay in the log.
  }
  parentPort?.postMessage('done')
})
