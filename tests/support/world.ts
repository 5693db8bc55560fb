/** A service with a user who is logged in, and ways to break things underneath it. All of them are real. */
import { randomUUID } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import type { Actor } from '../../src/conform/provocations/provocation.ts'
import { openSigningKeys } from '../../src/keys/signing-keys.ts'
import { createLimits } from '../../src/limits/limits.ts'
import { lanesOf } from '../../src/limits/networks.ts'
import type { DialectContext } from './database.ts'
import { connect } from './database.ts'
import type { Service } from './service.ts'
import {
  ADMIN_TOKEN,
  INTROSPECTION_TOKEN,
  override,
  PASSWORD,
  REVOCATIONS_TOKEN,
  SECRET,
  startService,
} from './service.ts'

export { forge } from '../../src/conform/provocations/provocation.ts'

export interface World extends Actor {
  readonly t: TestContext
  readonly service: Service
}

export async function startWorld(
  t: TestContext & Partial<DialectContext>,
  overrides: Partial<Settings> = {},
): Promise<World> {
  const service = await startService(t, overrides)
  const common = {
    ...{ t, service, password: PASSWORD, newPassword: 'another one entirely', adminToken: ADMIN_TOKEN },
    ...{ revocationsToken: REVOCATIONS_TOKEN, introspectionToken: INTROSPECTION_TOKEN },
    ...{ cookieName: service.core.settings.cookie.name, freeName: 'grace', request: service.request },
    baseUrl: service.url,
  }
  const named = async (username: string): Promise<World> => {
    const user = await service.register(username)
    const login = () => service.login(username)
    return { ...common, user, login, another: () => named(randomUUID()), ...(await login()) }
  }
  return named('ada')
}

/** Takes the tables away: a defect that no handler expects, hence 500. @returns what puts them back */
export async function hideTables({ service }: Pick<World, 'service'>): Promise<() => Promise<void>> {
  const rename = async (from: string, to: string) => {
    const database = await connect(service.database)
    for (const table of ['users', 'sessions', 'password_resets', 'revoked_tokens', 'events', 'feed']) {
      await database.query(`alter table ${from}${table} rename to ${to}${table}`)
    }
    await database.close()
  }
  await rename('', 'hidden_')
  return () => rename('hidden_', '')
}

/** A database that is older than the service, as after a rollback of the migration. */
export async function hideMigrations({ service }: Pick<World, 'service'>): Promise<void> {
  const database = await connect(service.database)
  await database.query('delete from kysely_migration')
  await database.close()
}

/** Another process writes and does not come to an end. @returns what ends it */
export async function lockDatabase({
  t,
  service,
}: Pick<World, 't' | 'service'>): Promise<() => Promise<void>> {
  const database = await connect(service.database)
  if (service.database.dialect === 'sqlite') await database.query('begin immediate')
  else {
    await database.query('begin')
    await database.query('lock table users, sessions, revoked_tokens in exclusive mode')
  }
  let released: Promise<void> | undefined
  const release = () => {
    released ??= database.close()
    return released
  }
  t.after(release)
  return release
}

/** Keeps the queue of turns full with requests of the test's own address. @returns what ends it */
export function crowd({ t, service }: Pick<World, 't' | 'service'>): () => void {
  const { turns } = service.core
  const { promise: over, resolve: end } = Promise.withResolvers<object>()
  // A few more than there is room for
  for (let count = 0; count < 70; count++) void turns.run(lanesOf('127.0.0.1'), () => over)
  t.after(() => end({}))
  return () => end({})
}

/** Settings as a handler reads them; those that are read at the start only need a service of their own. */
export function configure({ service }: Pick<World, 'service'>, settings: Partial<Settings>): void {
  override(service.core, { settings: { ...service.core.settings, ...settings } })
}

/** Keys as if the service had been started with this algorithm. */
export async function signWith(
  { service }: Pick<World, 'service'>,
  accessTokenAlgorithm: Settings['accessTokenAlgorithm'],
): Promise<void> {
  const { core } = service
  const { db, now, log } = core
  const settings = { ...core.settings, accessTokenAlgorithm }
  const secrets = { current: SECRET, previous: [] }
  override(core, { signingKeys: await openSigningKeys({ db, settings, secrets, now, log }) })
}

/** Limits of one try each, as if the service had been started with them. */
export function limit({ service }: Pick<World, 'service'>): void {
  const { core } = service
  const once = { points: 1, seconds: 60 }
  const limits = createLimits(
    {
      limits: {
        loginAddress: once,
        loginAccount: once,
        loginDelay: true,
        registerAddress: once,
        passwordAddress: once,
        sessionsUser: { points: 1000, seconds: 60 },
        sessionsAddress: { points: 1000, seconds: 60 },
        refreshUser: { points: 100_000, seconds: 60 },
        refreshSession: once,
        failuresAddress: once,
      },
      sessionMaxAge: core.settings.sessionMaxAge,
    },
    core,
  )
  override(core, { limits, mayWrite: limits.mayWrite })
}
