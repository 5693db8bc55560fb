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

/** @param rate a second */
export async function sendLogins(port: number, rate: number, seconds: number): Promise<Login[]> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const logins: Promise<Login>[] = []
  const begun = performance.now()
  while (logins.length < rate * seconds) {
    const due = Math.min(rate * seconds, ((performance.now() - begun) / 1000) * rate)
    while (logins.length < due) {
      const at = begun + (logins.length / rate) * 1000
      logins.push(logIn(agent, port, `user-${logins.length % USERS}`, at))
    }
    await pause(TICK)
  }
  try {
    return await Promise.all(logins)
  } finally {
    agent.destroy()
  }
}

function logIn(agent: Agent, port: number, username: string, due: number): Promise<Login> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json' }
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
