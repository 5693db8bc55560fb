/** The users and sessions of a service in another process, with the tokens that are currently valid. */
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { ADMIN_TOKEN, client } from '../../support/service.ts'
import { UNLIMITED } from '../../support/values.ts'
import type { ConstantScheme } from './requests.ts'

/** As strong as production requires, and the same in each run */
export const SECRET = Buffer.from(createHash('sha256').update('fuzz').digest('base64url'))

/** With ES256, the key of the service, so that tokens can be signed for it */
export const PAIR = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** The tokens that are settings, by the scheme of the contract */
export const TOKENS: Readonly<Record<ConstantScheme, string>> = {
  adminToken: ADMIN_TOKEN,
  revocationsToken: 'kR7pW2nX9vB4mQ6tZ1sY8cD3fH5jL0gA',
  introspectionToken: 'hT5rE8wQ1yU4iO7pA0sD3fG6jK9lZ2xC',
  introspectionBasic: 'hT5rE8wQ1yU4iO7pA0sD3fG6jK9lZ2xC',
}

export interface Memory {
  /** Bytes */
  readonly rss: number
  /** Bytes, after a garbage collection */
  readonly heapUsed: number
}

export interface Process {
  readonly url: string
  memory(): Promise<Memory>
  /** Log lines of the levels error and fatal */
  readonly defects: string[]
  /** @returns the exit code */
  stop(): Promise<number | null>
}

/** @throws when it does not print an address */
export async function startProcess(algorithm: 'HS256' | 'ES256'): Promise<Process> {
  const directory = mkdtempSync(join(tmpdir(), 'rekindle-fuzz-'))
  const env = {
    ...process.env,
    NODE_ENV: 'production',
    JWT_SECRET_KEY: SECRET.toString(),
    ADMIN_TOKEN,
    REVOCATIONS_TOKEN: TOKENS.revocationsToken,
    INTROSPECTION_TOKEN: TOKENS.introspectionToken,
    ACCESS_TOKEN_ALGORITHM: algorithm,
    ...(algorithm === 'ES256' && {
      JWT_SIGNING_KEY: PAIR.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }),
    PUBLIC_URL: 'https://id.example.com',
    DATABASE_URL: `sqlite:${join(directory, 'rekindle.db')}`,
    PORT: '0',
    REGISTRATION: 'open',
    COOKIE_SECURE: 'false',
    REFRESH_TOKEN_GRACE_SECONDS: '1',
    LOG_LEVEL: 'info',
    ...UNLIMITED,
  }
  const entry = fileURLToPath(new URL('./service.ts', import.meta.url))
  const child = fork(entry, { env, silent: true, execArgv: ['--expose-gc'] })
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  const defects: string[] = []
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  child.stderr?.on('data', (chunk: Buffer) => defects.push(chunk.toString()))
  const url = await new Promise<string>((resolve, reject) => {
    exited.then(() => reject(new Error(`the service did not start: ${defects.join('')}`)))
    lines.on('line', (line) => {
      const { level, msg, url: address } = JSON.parse(line)
      if (msg === 'listening') resolve(address)
      if (level >= 50) defects.push(line)
    })
  })
  return {
    url,
    defects,
    async memory() {
      const answer = once(child, 'message')
      child.send('memory')
      return (await answer)[0] as Memory
    },
    async stop() {
      child.kill('SIGINT')
      const code = await exited
      rmSync(directory, { recursive: true, force: true })
      return code
    },
  }
}

export interface Member {
  readonly username: string
  password: string
  access: string
  refresh: string
  /** The previous refresh token */
  previous: string
  /** Whether these tokens are still valid, as far as the responses tell */
  live: boolean
  /** A user that the application has logged in, for operations of administration */
  guest?: { readonly id: string; readonly sessionId: string } | undefined
}

const USERS = 6

/** Registers six users. */
export async function populate(url: string): Promise<Member[]> {
  const { request } = client(url)
  const members = Array.from({ length: USERS }, (_, index): Member => {
    const password = `a password of number ${index}`
    return { username: `member-${index}`, password, access: '', refresh: '', previous: '', live: false }
  })
  for (const { username, password } of members) {
    const { status } = await request('/api/auth/register', { json: { username, password } })
    assert.equal(status, 201)
  }
  return members
}

async function invite(url: string): Promise<Member['guest']> {
  const ask = (path: string, json: object) =>
    client(url).request(`/admin/users${path}`, { bearer: ADMIN_TOKEN, json })
  const created = await ask('', { username: `guest-${randomUUID()}` })
  assert.equal(created.status, 201)
  const { id } = created.body.data
  const opened = await ask(`/${id}/sessions`, {})
  assert.equal(opened.status, 201)
  return { id, sessionId: opened.body.data.session_id }
}

/** Logs the user in again if the session has ended, and creates a guest if there is none. */
export async function revive(url: string, member: Member): Promise<void> {
  member.guest ??= await invite(url)
  if (member.live) return
  const { username, password } = member
  const { status, body } = await client(url).request('/api/auth/login', { json: { username, password } })
  assert.equal(status, 200, `${username} cannot log in any more: ${body.message}`)
  Object.assign(member, {
    access: body.data.access_token,
    refresh: body.data.refresh_token,
    previous: body.data.refresh_token,
    live: true,
  })
}
