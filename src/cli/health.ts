import { once } from 'node:events'
import http from 'node:http'
import https from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { given } from '../config/environment.ts'
import { SettingsError } from '../config/settings.ts'
import { variables } from '../config/variables.ts'
import { Failure, messageOf } from './failure.ts'
import { baseUrl, wholeSeconds, wrongUsage } from './option-values.ts'

// Milliseconds. The service itself gives up on a database after 2.3 s.
const TIMEOUT = 4000
const INTERVAL = 250
// Characters. The answer of the service has about 70.
const LONGEST_ANSWER = 4096

interface Options {
  readonly url?: string
  readonly wait?: number
}

/** `rekindle health`, for supervisors: without the database, and without any setting but the address. */
export function addHealthCommand(program: Command, env: NodeJS.ProcessEnv): void {
  program
    .command('health')
    .description('exit with 0 if the running service is ready, that is if GET /readyz answers 200')
    .option('--url <url>', 'of the service; by default of HOST and PORT on this machine', baseUrl)
    .option('--wait <seconds>', 'wait until it is ready, 1 to 600', wholeSeconds('--wait'))
    .action(async ({ url = localUrl(env), wait = 0 }: Options) => {
      const address = new URL('readyz', url)
      const end = performance.now() + wait * 1000
      let answer = await ask(address)
      while (!answer.isReady && performance.now() < end && isRunning(env['MAINPID'])) {
        await pause(INTERVAL)
        answer = await ask(address)
      }
      const line = `${address.href}: ${answer.text}`
      if (!answer.isReady) throw new Failure(line)
      console.log(line)
    })
}

/** @param pid of the service, which systemd tells what it runs beside it. There is no need to wait for one that has ended. */
function isRunning(pid: string | undefined): boolean {
  if (!/^[1-9]\d*$/.test(pid ?? '')) return true
  try {
    return process.kill(Number(pid), 0)
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH')
  }
}

interface Answer {
  readonly isReady: boolean
  readonly text: string
}

async function ask(address: URL): Promise<Answer> {
  const signal = AbortSignal.timeout(TIMEOUT)
  try {
    const { status, text } = await get(address, signal)
    const message = messageIn(text)
    // Another program on that port may answer every path with 200.
    if (message === undefined) return { isReady: false, text: `${status}, but not from Rekindle` }
    return { isReady: status === 200, text: `${status} ${message}` }
  } catch (error) {
    const text = signal.aborted ? `no answer within ${TIMEOUT / 1000} s` : messageOf(error)
    return { isReady: false, text }
  }
}

/** Not by `fetch`, which knows ports that it refuses, and follows redirections. */
async function get(address: URL, signal: AbortSignal): Promise<{ status: number | undefined; text: string }> {
  const { get } = address.protocol === 'https:' ? https : http
  const [response] = (await once(get(address, { signal, agent: false }), 'response')) as [
    http.IncomingMessage,
  ]
  let text = ''
  for await (const chunk of response.setEncoding('utf8')) {
    text += chunk
    if (text.length > LONGEST_ANSWER) break
  }
  return { status: response.statusCode, text }
}

/** @returns what the service says, or undefined if that is not its envelope */
function messageIn(text: string): string | undefined {
  try {
    const { code, message, data } = JSON.parse(text)
    const said: unknown = data?.message ?? message
    return typeof code === 'number' && typeof said === 'string' ? said : undefined
  } catch {
    return undefined
  }
}

/** The address at which a service with the same environment listens. */
function localUrl(env: NodeJS.ProcessEnv): string {
  const { values } = given(env, ['HOST', 'PORT'])
  const host = variables.shape.HOST.safeParse(values['HOST'])
  const port = variables.shape.PORT.safeParse(values['PORT'])
  const mistakes = [host, port].flatMap(({ error }, index) =>
    (error?.issues ?? []).map((issue) => `${index === 0 ? 'HOST' : 'PORT'} ${issue.message}`),
  )
  if (!host.success || !port.success) throw new SettingsError(mistakes)
  if (port.data === 0) throw wrongUsage('PORT=0 takes any free port: say which by --url')
  return `http://${reachable(host.data)}:${port.data}/`
}

/** A service that listens on all addresses is reached at this machine's own. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}
