import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import SQLite from 'better-sqlite3'

// More than any database has: all pages are copied in one step.
const ALL_PAGES = 0x7fffffff

/**
 * Copies a SQLite database while others write to it, checks the copy, and gives it its name when it is whole and on
 * disk. It is one file, without a log beside it, that only its owner can read.
 *
 * @throws when the source is not there, or when the file is
 */
export async function backupSqlite(source: string, file: string): Promise<void> {
  if (existsSync(file)) throw new Error(`the file is there already: ${file}`)
  // It stands in the same directory, since renaming works within a file system only.
  const unfinished = resolve(`${file}.${randomUUID()}.tmp`)
  closeSync(openSync(unfinished, 'wx', 0o600))
  try {
    await copyPages(source, unfinished)
    check(unfinished)
    // Windows flushes only what could be written to.
    sync(unfinished, 'r+')
    // Whoever made it meanwhile keeps it.
    if (existsSync(file)) throw new Error(`the file is there already: ${file}`)
    renameSync(unfinished, file)
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(unfinished + end, { force: true })
  }
  // Windows opens no directories.
  if (process.platform !== 'win32') sync(dirname(resolve(file)), 'r')
}

async function copyPages(source: string, copy: string): Promise<void> {
  const database = new SQLite(source, { fileMustExist: true })
  try {
    // A copy in several steps would begin again with each write of another process, and not end under load.
    await database.backup(copy, { progress: () => ALL_PAGES })
  } finally {
    database.close()
  }
}

function check(copy: string): void {
  const database = new SQLite(copy)
  try {
    // Else it would need a -wal beside it, even to be read.
    database.pragma('journal_mode = DELETE')
    const found = database.pragma('integrity_check', { simple: true })
    if (found !== 'ok') throw new Error(`the copy is corrupt, and so may be the database: ${found}`)
    if ((database.pragma('foreign_key_check') as unknown[]).length > 0) {
      throw new Error('the copy has rows that refer to nothing, and so may the database')
    }
  } finally {
    database.close()
  }
}

function sync(path: string, mode: 'r' | 'r+'): void {
  const handle = openSync(path, mode)
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
