import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import type { ForeignRevocation } from '../store/queries/adoptions.ts'
import { revokeForeign } from '../store/queries/adoptions.ts'
import { isId, milliseconds } from '../tokens/jwt.ts'
import { Failure, messageOf } from './failure.ts'
import { count } from './output.ts'
import { withProgress } from './progress.ts'
import type { CommandContext } from './with-database.ts'
import { withDatabase } from './with-database.ts'

/** `rekindle adopt revoke` */
export function addAdoptCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('adopt')
    .description('tokens of another system, which ADOPT_… settings adopt')
    .command('revoke')
    .description(
      'refuse tokens that the other system has revoked, and end sessions that they were traded for',
    )
    .argument(
      '<file>',
      'a jti on each line, or JSON: {"jti": "…", "exp": 1798761600}. - reads standard input',
    )
    .action((file: string) => withDatabase(env, 'write', (context) => revokeListed(context, file)))
}

// Rows of a statement
const BATCH = 500
// Lines that are named when they are wrong
const MAX_NAMED = 5

async function revokeListed({ db, now, say }: CommandContext, file: string): Promise<void> {
  const totals = { read: 0, added: 0, ended: 0 }
  const wrong: number[] = []
  let wrongLines = 0
  await withProgress(async (progress) => {
    let batch: ForeignRevocation[] = []
    const write = async () => {
      const { added, endedSessions } = await revokeForeign(db, batch, now())
      totals.added += added
      totals.ended += endedSessions
      batch = []
      progress.show(count(totals.read, 'token'))
    }
    let line = 0
    for await (const text of linesOf(file)) {
      line++
      if (text.trim() === '') continue
      const revocation = parseLine(text.trim())
      if (revocation === undefined) {
        wrongLines++
        if (wrong.length < MAX_NAMED) wrong.push(line)
        continue
      }
      totals.read++
      batch.push(revocation)
      if (batch.length === BATCH) await write()
    }
    await write()
  })
  const known = totals.read - totals.added
  say(
    `${count(totals.read, 'revoked token')} read: ${totals.added} new, ${known} known. ${count(totals.ended, 'session')} ended.`,
  )
  if (wrongLines === 0) return
  const lines = `${wrong.join(', ')}${wrongLines > MAX_NAMED ? ' …' : ''}`
  throw new Failure(
    `${count(wrongLines, 'line')} without a jti (${lines}): correct them and run it again. The others are kept`,
  )
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = file === '-' ? process.stdin : createReadStream(file)
  try {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  } catch (error) {
    throw new Failure(`${file === '-' ? 'standard input' : file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

/** @returns undefined for a line that names no token */
function parseLine(text: string): ForeignRevocation | undefined {
  if (!text.startsWith('{') && !text.startsWith('"'))
    return isId(text) ? { jti: text, expiresAt: null } : undefined
  try {
    const value: unknown = JSON.parse(text)
    const { jti, exp } =
      typeof value === 'string' ? { jti: value } : (value as { jti?: unknown; exp?: unknown })
    if (!isId(jti) || jti === '') return undefined
    if (exp === undefined || exp === null) return { jti, expiresAt: null }
    const expiresAt = milliseconds(exp)
    return expiresAt === undefined ? undefined : { jti, expiresAt }
  } catch {
    return undefined
  }
}
