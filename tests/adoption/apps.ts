/** Applications of other frameworks as programs of their own, and clients that are logged in there when they move. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Secrets, Settings } from '../../src/config/settings.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertUser } from '../../src/store/queries/insert-user.ts'
import type { Service } from '../support/service.ts'
import { SECRET, startService } from '../support/service.ts'
import { ADOPTION } from './foreign.ts'

/** Another one may have libraries that Debian does not have, such as Flask-JWT-Extended. */
const PYTHON = process.env['ADOPTION_PYTHON'] ?? '/usr/bin/python3'

/** @returns why the test is skipped, or false */
export const without = (modules: string): string | false =>
  spawnSync(PYTHON, ['-c', `import ${modules}`]).status === 0 ? false : `${modules} is not installed`

/** What a weak application has: shorter than we allow. It verifies, and nothing else. */
export const OLD_SECRET = 'super-secret'

export interface App {
  /** What it is made with */
  readonly library: string
  readonly url: string
  json(
    path: string,
    body?: object,
    bearer?: string,
  ): Promise<{ status: number; body: Record<string, string> }>
  text(path: string): Promise<string>
}

/** One process for all cases of a file. @param args what runs it, and its program */
export async function startProgram(
  t: Pick<TestContext, 'after'>,
  command: string,
  args: readonly string[],
): Promise<App> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => child.kill('SIGKILL'))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString()
  })
  for await (const line of createInterface({ input: child.stdout })) {
    const [, library = '', url = ''] = /^(\S+) (http:\S+)$/.exec(line) ?? []
    if (url !== '') return { library, url, ...requests(url) }
  }
  throw new Error(`${args.join(' ')} did not start: ${errors}`)
}

/** An application in Python */
export const startApp = (t: Pick<TestContext, 'after'>, name: string, ...more: string[]): Promise<App> =>
  startProgram(t, PYTHON, [
    fileURLToPath(new URL(`apps/${name}_app.py`, import.meta.url)),
    OLD_SECRET,
    ...more,
  ])

function requests(url: string): Pick<App, 'json' | 'text'> {
  return {
    async json(path, body, bearer) {
      const response = await fetch(url + path, {
        method: body === undefined ? 'GET' : 'POST',
        headers: {
          ...(body !== undefined && { 'Content-Type': 'application/json' }),
          ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      })
      return { status: response.status, body: (await response.json()) as Record<string, string> }
    },
    text: async (path) => (await fetch(url + path)).text(),
  }
}

/** Usernames and ids of an application's users */
export type Users = Readonly<Record<'ada' | 'grace' | 'barbara', string>>

/** As Flask, FastAPI and Django count them */
export const NUMBERED: Users = { ada: '1', grace: '2', barbara: '3' }

/** A service with the users of an application, whose tokens it adopts */
export async function startBeside(
  t: Pick<TestContext, 'after'>,
  adoption: Partial<NonNullable<Settings['adoption']>>,
  { users = NUMBERED, key }: { readonly users?: Users; readonly key?: Secrets['adoption'] } = {},
): Promise<Service> {
  const clock = { now: Date.now() }
  const until = clock.now + 86_400_000 * 365
  const settings = { adoption: { ...ADOPTION, until, ...adoption } }
  const service = await startService(t, settings, clock, undefined, {
    adoption: key ?? { secret: Buffer.from(OLD_SECRET), isShared: false },
  })
  for (const [username, id] of Object.entries(users)) {
    const user = { id, username, usernameKey: username, passwordHash: 'none', now: 0 }
    await insertUser(service.core.db, user, OPERATOR)
  }
  return service
}

/** The application verifies tokens of the new service from now on, and no others. */
export const move = (app: App, service: Service) =>
  app.json('/move', { secret: Buffer.from(SECRET).toString(), service: service.url })

/** What a client has of its login */
export interface Login {
  access: string
  refresh?: string
}

export interface Client {
  readonly login: Login
  /** Asks the application who it is, and refreshes once if its token is refused, as clients do. @returns undefined when it is logged out */
  whoAmI(): Promise<string | undefined>
}

/** @param refresh gets new tokens, or undefined when they are refused */
export function createClient(
  app: App,
  login: Login,
  refresh: (login: Login) => Promise<Login | undefined>,
): Client {
  const ask = () => app.json('/me', undefined, login.access)
  return {
    login,
    async whoAmI() {
      const first = await ask()
      if (first.status === 200) return first.body['id']
      const renewed = await refresh({ ...login })
      if (renewed === undefined) return undefined
      Object.assign(login, renewed)
      const { status, body } = await ask()
      assert.equal(status, 200, 'an access token of the new service is accepted')
      return body['id']
    },
  }
}

/** Refreshes at the documented endpoint, with the refresh token of either system */
export const byRefreshToken =
  (service: Service) =>
  async ({ refresh = '' }: Login): Promise<Login | undefined> => {
    const { status, body } = await service.refresh(refresh)
    return status === 200 ? { access: body.data.access_token, refresh: body.data.refresh_token } : undefined
  }

/** Exchanges at the documented endpoint, with the access token of either system */
export const byAccessToken =
  (service: Service) =>
  async ({ access }: Login): Promise<Login | undefined> => {
    const { status, body } = await service.exchange(access)
    return status === 200 ? { access: body.access_token } : undefined
  }
