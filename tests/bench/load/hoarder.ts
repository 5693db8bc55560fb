/** The worst that a registered user can build: very many sessions, and everything about them at once, without a pause. */
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import pino from 'pino'
import { readServiceSettings } from '../../../src/config/settings.ts'
import { createCore } from '../../../src/http/core.ts'
import { newId } from '../../../src/ids.ts'
import type { StoreOptions } from '../../../src/store/open.ts'
import { connect } from '../../support/database.ts'
import { PASSWORD } from '../../support/service.ts'

export const HOARDER = 'hoarder'

// The limits of the service are those that it has by default.
const LISTINGS = 20
const LOGINS = 4
const EXCHANGES = 8
const LOGOUTS = 20

const CHUNK = 1000

/** Writes the user and the sessions past the service, as if from before there was a ceiling. @param env of the service */
export async function hoard(env: Readonly<Record<string, string>>, sessions: number): Promise<void> {
  const core = await createCore({ ...readServiceSettings(env), log: pino({ level: 'silent' }) })
  const { db, settings } = core
  const begun = core.now()
  const names = { id: HOARDER, username: HOARDER, username_key: HOARDER }
  const password_hash = await core.passwords.hash(PASSWORD)
  await db
    .insertInto('users')
    .values({ ...names, password_hash, created_at: begun })
    .execute()
  const times = { created_at: begun, rotated_at: begun, refreshed_at: begun }
  const ends = {
    expires_at: begun + settings.refreshTokenTtl,
    absolute_expires_at: begun + settings.sessionMaxAge,
  }
  for (let at = 0; at < sessions; at += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, sessions - at) }, () => ({
      ...{ id: newId(begun), user_id: HOARDER, generation: 0, refresh_count: 0 },
      ...times,
      ...ends,
      prune_at: ends.expires_at,
    }))
    await db.insertInto('sessions').values(rows).execute()
  }
  await core.store.close()
  if (settings.database.dialect === 'postgres') await settle(settings.database)
}

/**
 * Does what PostgreSQL would do soon after so many writes, so that it does not do it meanwhile: without a hoarder, that alone
 * made the slowest of a thousand refreshes take 243 ms.
 */
async function settle(database: StoreOptions): Promise<void> {
  const past = await connect(database)
  await past.query('vacuum (analyze)')
  await past.query('checkpoint')
  await past.close()
}

/** The numbers of answers by what was asked and status */
export type Answers = Map<string, number>

/** @param seconds in the middle of which all sessions end */
export async function attack(port: number, seconds: number): Promise<Answers> {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY })
  const answers: Answers = new Map()
  const until = performance.now() + seconds * 1000

  async function send(what: string, method: string, path: string, given: { bearer?: string; json?: object }) {
    const { status, body } = await request(agent, port, method, path, given)
    const key = `${what} ${status}`
    answers.set(key, (answers.get(key) ?? 0) + 1)
    return { status, body }
  }
  const logIn = async () => {
    const json = { username: HOARDER, password: PASSWORD }
    const { status, body } = await send('login', 'POST', '/api/auth/login', { json })
    return status === 200 ? (JSON.parse(body).data.access_token as string) : undefined
  }
  const throughout = async (step: () => Promise<void>) => {
    while (performance.now() < until) await step()
  }

  const first = async () => {
    for (;;) {
      const token = await logIn()
      if (token !== undefined) return token
    }
  }
  const last = await first()
  let newest = last
  const list = () =>
    throughout(async () => {
      await send('list', 'GET', '/api/auth/sessions', { bearer: newest })
    })
  const exchange = async () => {
    let own = await first()
    await throughout(async () => {
      const { status, body } = await send('exchange', 'POST', '/api/auth/refresh', { json: { token: own } })
      if (status === 200) own = JSON.parse(body).access_token
      if (status === 401) own = (await logIn()) ?? own
    })
  }
  const login = () =>
    throughout(async () => {
      newest = (await logIn()) ?? newest
    })
  const endAll = async () => {
    await pause(seconds * 500)
    const end = () => send('logout_all', 'POST', '/api/auth/logout_all', { bearer: last })
    await Promise.all(Array.from({ length: LOGOUTS }, end))
  }
  const all = (count: number, work: () => Promise<void>) => Array.from({ length: count }, work)
  try {
    await Promise.all([...all(LISTINGS, list), ...all(EXCHANGES, exchange), ...all(LOGINS, login), endAll()])
  } finally {
    agent.destroy()
  }
  return answers
}

function request(
  agent: http.Agent,
  port: number,
  method: string,
  path: string,
  { bearer, json }: { readonly bearer?: string; readonly json?: object },
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
      ...(json !== undefined && { 'Content-Type': 'application/json' }),
    }
    http
      .request({ agent, port, host: '127.0.0.1', path, method, headers }, (response) => {
        let body = ''
        response.setEncoding('utf8').on('data', (chunk: string) => {
          body += chunk
        })
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
      })
      .on('error', reject)
      .end(json === undefined ? undefined : JSON.stringify(json))
  })
}
