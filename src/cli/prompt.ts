import { read } from 'read'
import { Failure } from './failure.ts'

// Bytes. Longer than any password that the contract allows.
const MAX_LINE = 4096

/** Asks twice for a new password on a terminal. Otherwise the password is the first line of standard input. */
export async function readNewPassword(): Promise<string> {
  if (!process.stdin.isTTY) return firstLine()
  const password = await ask('Password:', { silent: true })
  const again = await ask('Repeat the password:', { silent: true })
  if (password !== again) throw new Failure('the passwords differ')
  return password
}

/** Asks on a terminal. Any answer except `y` and `yes` means no. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question} [y/N]`, { silent: false })
  return /^y(es)?$/i.test(answer.trim())
}

async function ask(prompt: string, { silent }: { readonly silent: boolean }): Promise<string> {
  // At the end of input (Ctrl-D) `read` never settles, and the process would end with success.
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const onEnd = () => reject(new Error('end of input'))
  process.once('beforeExit', onEnd)
  try {
    // Without `terminal`, keys would be echoed when standard error is redirected to a file.
    const answer = read({ prompt, silent, output: process.stderr, terminal: true })
    return await Promise.race([answer, ended])
  } catch (error) {
    throw new Failure('cancelled', { cause: error })
  } finally {
    process.off('beforeExit', onEnd)
    if (silent) process.stderr.write('\n')
  }
}

async function firstLine(): Promise<string> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    length += chunk.length
    if (chunk.includes('\n') || length > MAX_LINE) break
  }
  const [line = ''] = decode(Buffer.concat(chunks)).split(/\r?\n/, 1)
  if (line === '') throw new Failure('no password on standard input: its first line is the password')
  return line
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new Failure('the password is not UTF-8', { cause: error })
  }
}
