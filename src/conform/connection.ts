/** Sends requests to the server that is checked. Every answer is held against the contract. */
import { setTimeout as pause } from 'node:timers/promises'
import type { OperationId } from '../http/contract.ts'
import type { Leniency } from './differences.ts'
import { differencesOf, operationAt } from './differences.ts'
import { exampleOf } from './examples.ts'
import type { Findings } from './findings.ts'
import type { Answer, Request } from './request.ts'
import { methodOf, send } from './request.ts'

// Milliseconds
const TIMEOUT = 15_000

export interface ConnectionOptions {
  /** With a path or without, and without a slash at the end */
  readonly url: string
  readonly findings: Findings
  /** Seconds to wait in all, where the server says `Retry-After` */
  readonly maxWait: number
  readonly stop: AbortSignal
  /** @param time in milliseconds */
  readonly sleep?: (time: number) => Promise<unknown>
}

export interface Connection {
  readonly url: string
  readonly request: (path: string, request?: Request) => Promise<Answer>
  /** Without a look at the contract */
  readonly raw: (path: string, request?: Request) => Promise<Answer>
  /** Checks an answer that was had by `raw`. */
  readonly check: (path: string, request: Request, answer: Answer) => void
}

/** The server gave no answer. */
export class NoAnswer extends Error {}

export function connect(options: ConnectionOptions, leniency: Leniency = {}): Connection {
  const { url, findings, stop, sleep = pause } = options
  let left = options.maxWait

  async function raw(path: string, request: Request = {}): Promise<Answer> {
    findings.keepSecret(request.bearer, request.cookie?.split('=')[1])
    stop.throwIfAborted()
    const signal = AbortSignal.any([stop, AbortSignal.timeout(TIMEOUT)])
    try {
      const answer = await send(url + path, request, { redirect: 'manual', signal })
      findings.keepSecret(answer.body?.access_token, answer.body?.refresh_token)
      findings.keepSecret(answer.body?.data?.access_token, answer.body?.data?.refresh_token)
      return answer
    } catch (error) {
      stop.throwIfAborted()
      throw new NoAnswer(`no answer: ${reasonOf(error)}`, { cause: error })
    }
  }

  function check(path: string, request: Request, answer: Answer): void {
    const method = methodOf(request)
    const id = operationAt(method, path.split('?')[0] ?? path)?.operation.operationId
    const differences = differencesOf(method, path, answer, answer.text, {
      foreignHeaders: true,
      ...leniency,
    })
    for (const what of differences) findings.differ(id ?? 'unknown path', answer.status, what)
    const example = id === undefined ? undefined : exampleOf(id as OperationId, answer)
    if (example !== undefined) findings.reached.add(example)
  }

  async function request(path: string, request: Request = {}): Promise<Answer> {
    for (;;) {
      const answer = await raw(path, request)
      check(path, request, answer)
      const wait = waitOf(answer)
      // A stream is read once.
      if (wait === undefined || wait > left || request.body instanceof ReadableStream) return answer
      left -= wait
      await sleep(wait * 1000)
    }
  }

  return { url, raw, check, request }
}

/** @returns the seconds after which a refused request can be sent again, if the server says so */
function waitOf({ status, headers }: Answer): number | undefined {
  const seconds = headers.get('Retry-After') ?? ''
  return (status === 429 || status === 503) && /^\d+$/.test(seconds) ? Number(seconds) : undefined
}

function reasonOf(error: unknown): string {
  const { name, message, cause } = error as Error
  if (name === 'TimeoutError') return `within ${TIMEOUT / 1000} s`
  return cause instanceof Error ? cause.message : message
}
