/** What every application goes through when it moves: see docs/moving-in.md. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { deactivateUser } from '../../src/store/queries/users.ts'
import { rekindleAlone } from '../support/program.ts'
import type { Service } from '../support/service.ts'
import type { App, Client, Login, Users } from './apps.ts'
import { createClient, move, NUMBERED } from './apps.ts'
import { sessionsOf } from './foreign.ts'

export interface Moving {
  readonly app: App
  readonly service: Service
  /** By default as {@link NUMBERED} */
  readonly users?: Users
  /** At the application, before it moves */
  readonly logIn: (username: string) => Promise<Login>
  /** Gets new tokens at the service, for the refresh token or the access token of a login */
  readonly renew: (login: Login) => Promise<Login | undefined>
  /** The request that `renew` sends, as a page sends it whose answer is lost */
  readonly request: (login: Login) => { readonly path: string; readonly init: RequestInit }
  /** Ends a login at the application, before it moves. Without it, the application cannot. */
  readonly logOut?: (login: Login) => Promise<void>
}

const HOUR = 3_600_000
const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, at) => make(at))

/** Logs clients in, moves the application, and looks at what they notice. */
export async function walk(t: TestContext, moving: Moving): Promise<void> {
  const { app, service, logIn, renew, logOut, users = NUMBERED } = moving
  const client = async (username: string): Promise<Client> => createClient(app, await logIn(username), renew)
  const clients = [await client('ada'), await client('grace'), await client('barbara')]
  const stolen = await client('grace')
  const raced = await logIn('ada')
  const lost = await logIn('barbara')
  const revoked = await logIn('grace')
  assert.equal(await clients[0]?.whoAmI(), users.ada, 'the application works')
  await logOut?.(revoked)
  await move(app, service)
  const active = async () => (await sessionsOf(service)).filter((row) => row.revoked_reason === null).length

  await t.test('clients go on and notice nothing', async () => {
    for (const each of clients) await each.whoAmI()
    assert.deepEqual(await Promise.all(clients.map((each) => each.whoAmI())), [
      users.ada,
      users.grace,
      users.barbara,
    ])
    assert.equal(await active(), 3)
    for (const each of clients) assert.notEqual(await renew({ ...each.login }), undefined)
    assert.equal(await active(), 3)
  })

  await t.test('20 requests of one client at once all get through, in one session', async () => {
    const tabs = times(20, () => createClient(app, { ...raced }, renew))
    const sessions = await active()
    assert.deepEqual(
      await Promise.all(tabs.map((tab) => tab.whoAmI())),
      times(20, () => users.ada),
    )
    assert.equal(new Set(tabs.map(({ login }) => login.refresh ?? login.access)).size, 1)
    assert.equal(await active(), sessions + 1)
  })

  await t.test('a lost answer is asked for again', async () => {
    const sessions = await active()
    const { path, init } = moving.request(lost)
    // The service has written the session, and nobody reads its answer.
    const cut = new AbortController()
    const answer = fetch(service.url + path, { ...init, signal: cut.signal })
    while ((await active()) === sessions) await new Promise((done) => setTimeout(done, 1))
    cut.abort()
    await answer.catch(() => {})
    const again = createClient(app, { ...lost }, renew)
    assert.equal(await again.whoAmI(), users.barbara)
    assert.equal(await active(), sessions + 1)
  })

  await t.test('a thief with a copy is found when both have used it', async () => {
    const copy = { ...stolen.login }
    assert.equal(await stolen.whoAmI(), users.grace)
    Object.assign(stolen.login, await renew({ ...stolen.login }))
    const sessions = await active()
    service.clock.now += HOUR
    assert.equal(await renew(copy), undefined, 'the thief gets nothing')
    assert.equal(await renew({ ...stolen.login }), undefined, 'the owner has to log in again')
    assert.equal(await active(), sessions - 1)
  })

  if (logOut !== undefined)
    await t.test('what the application had revoked is refused', async () => {
      const sessions = await active()
      const env = { DATABASE_URL: `sqlite:${service.file}` }
      const { code, stdout } = await rekindleAlone(['adopt', 'revoke', '-'], env, await app.text('/revoked'))
      assert.match(`${code} ${stdout}`, /^0 .*: 1 revoked token read: 1 new, 0 known\. 0 sessions ended\.\n$/)
      assert.equal(await renew({ ...revoked }), undefined)
      assert.equal(await active(), sessions)
    })

  await t.test('a user who is deactivated here is out', async () => {
    await deactivateUser(service.core.db, users.grace, service.clock.now, OPERATOR)
    assert.equal(await renew({ ...(clients[1]?.login ?? revoked) }), undefined)
  })
}
