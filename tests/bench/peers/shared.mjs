/** What all three share: a SQLite file as durable as ours, and files of tokens, one for each phase. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'

const { BENCH_FILE, BENCH_DIRECTORY, BENCH_SESSIONS, PORT } = process.env

export const port = Number(PORT)

export function openDatabase() {
  const database = new SQLite(BENCH_FILE)
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  return database
}

/** @param {(index: number) => Promise<string>} open opens a session. @returns {Promise<void>} */
export async function writeTokens(database, open) {
  database.exec('begin')
  let index = 0
  for (const phase of ['warm-up', 'saturated', 'paced']) {
    const tokens = []
    while (tokens.length < Number(BENCH_SESSIONS)) tokens.push(await open(index++))
    writeFileSync(join(BENCH_DIRECTORY, phase), `${tokens.join('\n')}\n`)
  }
  database.exec('commit')
}
