import type { Logger } from 'pino'
import { stopSignal } from './stop-signal.ts'

// Milliseconds
const PARENT_INTERVAL = 200

// As soon as possible. A service that was sent to the background has lost the parent that sent it there by now.
const parent = process.ppid

/** Stop without a drain: somebody sits at the terminal, and no load balancer is in front. */
export const WITHOUT_DRAIN: ReadonlySet<unknown> = new Set(['SIGINT', 'SIGHUP'])

// Otherwise SIGHUP is meant as a request to reload, or nohup has started the service.
const isInTerminal = () => process.stdin.isTTY || process.stdout.isTTY

/** Logs signals that have no meaning. SIGUSR1 would open Node's debugger, and the others would end the process at once. */
export function ignoreSignals(log: Pick<Logger, 'warn'>): void {
  for (const name of ['SIGUSR1', 'SIGUSR2', ...(isInTerminal() ? [] : ['SIGHUP'])]) {
    process.on(name, (signal: NodeJS.Signals) =>
      log.warn({ signal }, 'signal ignored: settings are read at the start, and the log is standard output'),
    )
  }
}

/**
 * Waits for SIGTERM, SIGINT, SIGQUIT, the end of the terminal, or the end of the npm that has started the service.
 *
 * @returns aborted with the name of the signal, or what has ended, as its reason
 */
export function serviceStop(env: NodeJS.ProcessEnv): AbortSignal {
  const stop = stopSignal(['SIGTERM', 'SIGINT', 'SIGQUIT', ...(isInTerminal() ? ['SIGHUP' as const] : [])])
  return AbortSignal.any([stop, parentEnd(env)])
}

/**
 * npm, npx and their like run a command under a shell. A SIGTERM to them may end only the shell, and nobody would know the
 * id of the process that runs on.
 */
function parentEnd(env: NodeJS.ProcessEnv): AbortSignal {
  const controller = new AbortController()
  if (env['npm_config_user_agent'] === undefined) return controller.signal
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    controller.abort('end of npm')
  }, PARENT_INTERVAL).unref()
  return controller.signal
}
