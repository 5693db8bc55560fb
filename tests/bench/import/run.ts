import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { migrate } from '../../../src/store/migrate.ts'
import { openStore } from '../../../src/store/open.ts'
import type { Dialect } from '../../support/database.ts'
import { freshDatabase } from '../../support/database.ts'
import { ENTRY, start } from '../../support/program.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

export interface ImportFigures {
  /** Seconds */
  readonly duration: number
  /** Bytes: the most memory of the process. Undefined where it cannot be known */
  readonly memory: number | undefined
  readonly output: string
}

const HASHES = [
  '$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW',
  'pbkdf2_sha256$600000$aaYz6FAO7IYo79BHha28TB$szmKDz8ig0bc6RLdBBs+aiI2CjWjhAfYeSRWcAsr6Ek=',
]

/** Users in another order than that of their ids and names */
async function writeUsers(file: string, users: number): Promise<void> {
  const output = createWriteStream(file)
  for (let index = 0; index < users; index++) {
    const number = (index * 7919) % users
    const line = {
      id: `auth0|${number.toString(16).padStart(24, '0')}`,
      username: `User ${number * 31} ${number}`,
      password_hash: HASHES[index % HASHES.length],
      created_at: '2019-05-04T08:00:00Z',
      deactivated: index % 50 === 0,
    }
    if (!output.write(`${JSON.stringify(line)}\n`)) await once(output, 'drain')
  }
  await new Promise((resolve) => output.end(resolve))
}

/** Imports a file twice, each time by a process of its own. */
export async function measureImport(
  t: { after(end: () => unknown): void },
  dialect: Dialect,
  users: number,
): Promise<{ readonly bytes: number; readonly first: ImportFigures; readonly second: ImportFigures }> {
  const database = await freshDatabase(t, dialect)
  const store = await openStore(database, 'create')
  await migrate(store.db)
  await store.close()
  const file = join(temporaryDirectory('import'), 'users.ndjson')
  await writeUsers(file, users)
  const url = database.dialect === 'sqlite' ? `sqlite:${database.file}` : database.url
  const once = () => runImport(url, file)
  return { bytes: (await stat(file)).size, first: await once(), second: await once() }
}

async function runImport(url: string, file: string): Promise<ImportFigures> {
  const begun = performance.now()
  // In a small heap: what Node takes beyond need would hide what an import takes.
  const child = start(['--max-old-space-size=64', ENTRY, 'users', 'import', file], { DATABASE_URL: url })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  let memory: number | undefined
  const look = setInterval(async () => {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '')
    const [, kib] = /^VmHWM:\s+(\d+) kB/m.exec(status) ?? []
    if (kib !== undefined) memory = Math.max(memory ?? 0, Number(kib) * 1024)
  }, 200)
  await once(child, 'close')
  clearInterval(look)
  return { duration: (performance.now() - begun) / 1000, memory, output: output.trim() }
}
