/** What the numbers were measured on. */
import { spawnSync } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import SQLite from 'better-sqlite3'
import { Client } from 'pg'
import { withCleanup } from '../../support/cleanup.ts'
import { wrkVersion } from './load.ts'
import { median } from './rounds.ts'
import { temporaryDirectory } from './subjects.ts'

/** By name, for people */
export type Machine = Readonly<Record<string, string>>

const GIB = 2 ** 30
const WRITES = 100

function versionOf(name: string): string {
  const file = new URL(`../../../node_modules/${name}/package.json`, import.meta.url)
  return JSON.parse(readFileSync(file, 'utf8')).version
}

/** @returns milliseconds that a page takes to the disk */
function syncTime(): Promise<number> {
  return withCleanup(async (cleanup) => {
    const file = openSync(join(temporaryDirectory(cleanup), 'page'), 'w')
    cleanup.after(() => closeSync(file))
    const page = Buffer.alloc(4096, 1)
    const taken = Array.from({ length: WRITES }, () => {
      const begun = performance.now()
      writeSync(file, page)
      fdatasyncSync(file)
      return performance.now() - begun
    })
    return median(taken) ?? Number.NaN
  })
}

async function postgresVersion(server: string): Promise<string> {
  const client = new Client(`${server}/postgres`)
  await client.connect()
  const { rows } = await client.query('show server_version')
  await client.end()
  return rows[0].server_version
}

/** @param postgres the URL of its server */
export async function machine(postgres: string | undefined, pinning: string): Promise<Machine> {
  const sqlite = new SQLite(':memory:').prepare('select sqlite_version()').pluck().get()
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).stdout?.trim()
  return {
    ...(commit && { commit }),
    processor: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cpus().length} cores`,
    memory: `${Math.round(totalmem() / GIB)} GiB`,
    system: `${type()} ${release()}`,
    'a page to the disk': `${(await syncTime()).toFixed(2)} ms`,
    pinning,
    node: process.version.slice(1),
    hono: versionOf('hono'),
    '@hono/node-server': versionOf('@hono/node-server'),
    SQLite: String(sqlite),
    ...(postgres !== undefined && { PostgreSQL: await postgresVersion(postgres) }),
    load: wrkVersion ?? `autocannon ${versionOf('autocannon')}`,
  }
}
