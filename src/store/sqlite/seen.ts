import Sqlite from 'better-sqlite3'

/** Remembers texts on disk, for as long as it is open: a set that takes no memory. */
export interface Seen {
  /** @returns whether it is new */
  add(text: string): boolean
  close(): void
}

export function createSeen(): Seen {
  // SQLite deletes a database without a name when it is closed.
  const db = new Sqlite('')
  db.exec('create table seen (text text primary key) without rowid')
  db.exec('begin')
  const insert = db.prepare('insert or ignore into seen (text) values (?)')
  return {
    add: (text) => insert.run(text).changes > 0,
    close: () => db.close(),
  }
}
