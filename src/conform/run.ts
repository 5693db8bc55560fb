/** Runs what the contract documents against a server, as far as requests alone can. */
import { randomUUID } from 'node:crypto'
import type { Credentials } from './account.ts'
import { Accounts } from './account.ts'
import type { Connection } from './connection.ts'
import { connect, NoAnswer } from './connection.ts'
import { contract } from './contract.ts'
import type { Report } from './findings.ts'
import { Findings } from './findings.ts'
import { Unprepared } from './provocations/provocation.ts'
import { checkRules, provokeAll } from './provoke.ts'
import { askMock, isPrism } from './stateless.ts'

export { Unusable } from './account.ts'
export type { Report } from './findings.ts'
export { NoAnswer }

export interface ConformOptions {
  /** With a path or without, and without a slash at the end */
  readonly url: string
  readonly adminToken?: string | undefined
  /** An account for the run, where registration is closed */
  readonly account?: Credentials | undefined
  /** Whether a refresh replaces the refresh token there */
  readonly rotation?: boolean
  /** The server is a mock, or is not. By default, Prism is recognised. */
  readonly stateless?: boolean | undefined
  /** Seconds to wait in all, where the server says `Retry-After` */
  readonly maxWait?: number
  readonly stop?: AbortSignal
  /** @param time in milliseconds */
  readonly sleep?: (time: number) => Promise<unknown>
}

/**
 * @throws Unusable if the run cannot begin with what it was given, NoAnswer if nobody answers there, and the reason of
 * `stop`, when all is cleaned up
 */
export async function conform(options: ConformOptions): Promise<Report> {
  const findings = new Findings()
  const never = new AbortController().signal
  const { url, stop = never, maxWait = 60 } = options
  const shared = { ...options, findings, maxWait, stop }
  const connection = connect(shared)
  const unknown = `/${randomUUID()}`
  const answer = await connection.raw(unknown)
  const stateless = options.stateless ?? isPrism(answer)
  // A mock says Retry-After whenever it is asked to.
  if (stateless) await askMock(connect({ ...shared, maxWait: 0 }, { exampleHeaders: true }), findings)
  else {
    connection.check(unknown, {}, answer)
    await converse(connection, findings, options, connect({ ...shared, stop: never }))
  }
  const { info } = contract as typeof contract & { readonly info: { readonly version: string } }
  return {
    ...{ url, contract: info.version, stateless, responses: findings.rows(), rules: findings.rules },
    ...{ differences: findings.differences, remarks: findings.remarks },
  }
}

/** @param last what is asked after a stop as well, to clean up */
async function converse(
  connection: Connection,
  findings: Findings,
  { account, adminToken, rotation = true }: ConformOptions,
  last: Connection,
): Promise<void> {
  const accounts = new Accounts({ connection, last, findings, given: account, adminToken })
  try {
    await accounts.open()
    await provokeAll(accounts, findings, rotation)
    await checkRules(accounts, findings, rotation)
  } catch (error) {
    if (!(error instanceof Unprepared || error instanceof NoAnswer)) throw error
    findings.differ('the account of the run', null, error.message)
  } finally {
    await accounts.cleanUp().catch((error: unknown) => {
      findings.remarks.push(
        `what the run has made is left: ${error instanceof Error ? error.message : error}`,
      )
    })
  }
}
