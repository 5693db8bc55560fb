/** Logins at a constant rate, whether the last ones are answered or not: an open loop. */
import type { Agent } from 'node:http'
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { PASSWORD } from '../../support/service.ts'
import { USERS } from './service.ts'

/** What came of one login. */
export interface Login {
  readonly status: number
  readonly retryAfter: string | undefined
  /** Milliseconds since it was due */
  readonly took: number
}

// Milliseconds between two looks at what is due
const TICK = 5

/** Who logs in, and the address that a proxy would tell */
export interface Client {
  readonly username: string
  readonly from?: string
}

const fromHere = (index: number): Client => ({ username: `user-${index % USERS}` })

/** @param rate a second @param clientOf the client of each login */
export async function sendLogins(
  port: number,
  rate: number,
  seconds: number,
  clientOf: (index: number) => Client = fromHere,
): Promise<Login[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const logins: Promise<Login>[] = []
  const begun = performance.now()
  while (logins.length < rate * seconds) {
    const due = Math.min(rate * seconds, ((performance.now() - begun) / 1000) * rate)
    while (logins.length < due) {
      const at = begun + (logins.length / rate) * 1000
      logins.push(logIn(agent, port, clientOf(logins.length), at))
    }
    await pause(TICK)
  }
  try {
    return await Promise.all(logins)
  } finally {
    agent.destroy()
  }
}

function logIn(agent: Agent, port: number, { username, from }: Client, due: number): Promise<Login> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', ...(from && { 'X-Forwarded-For': from }) }
    const options = { agent, port, host: '127.0.0.1', path: '/api/auth/login', method: 'POST', headers }
    http
      .request(options, (response) => {
        response.resume().on('end', () => {
          const { statusCode: status = 0, headers } = response
          resolve({ status, retryAfter: headers['retry-after'], took: performance.now() - due })
        })
      })
      .on('error', reject)
      .end(JSON.stringify({ username, password: PASSWORD }))
  })
}
