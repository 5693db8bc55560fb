import { randomUUID } from 'node:crypto'
import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import SQLite from 'better-sqlite3'

// More pages than any database has, so that all are copied in one step
const ALL_PAGES = 0x7fffffff

/**
 * Copies a SQLite database while other processes write to it, and checks the copy. The file gets its name when it is
 * complete and on disk. Only its owner can read it.
 *
 * @param onStep called before each step. A step blocks the event loop.
 * @throws when the source does not exist, or the file does
 */
export async function backupSqlite(
  source: string,
  file: string,
  onStep: (step: 'copying' | 'checking') => void = () => {},
): Promise<void> {
  if (existsSync(file)) throw new Error(`the file is there already: ${file}`)
  // In the same directory, because renaming works only within a file system.
  const unfinished = resolve(`${file}.${randomUUID()}.tmp`)
  closeSync(openSync(unfinished, 'wx', 0o600))
  try {
    onStep('copying')
    await copyPages(source, unfinished)
    onStep('checking')
    check(unfinished)
    // Windows flushes only files that are open for writing.
    sync(unfinished, 'r+')
    // Another program may have created it meanwhile.
    if (existsSync(file)) throw new Error(`the file is there already: ${file}`)
    renameSync(unfinished, file)
  } finally {
    for (const end of ['', '-journal', '-wal', '-shm']) rmSync(unfinished + end, { force: true })
  }
  // Windows cannot open directories.
  if (process.platform !== 'win32') sync(dirname(resolve(file)), 'r')
}

async function copyPages(source: string, copy: string): Promise<void> {
  const database = new SQLite(source, { fileMustExist: true })
  try {
    // A copy in several steps starts again after each write of another process, so under load it would never end.
    await database.backup(copy, { progress: () => ALL_PAGES })
  } finally {
    database.close()
  }
}

function check(copy: string): void {
  const database = new SQLite(copy)
  try {
    // Reading a database in WAL mode creates -wal and -shm files.
    database.pragma('journal_mode = DELETE')
    const found = database.pragma('integrity_check', { simple: true })
    if (found !== 'ok') throw new Error(`the copy is corrupt, and so may be the database: ${String(found)}`)
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
