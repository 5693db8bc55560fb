/** Device bound sessions over HTTP, with a browser that is made of requests. */
import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import type { Settings } from '../../src/config/settings.ts'
import { deviceProof } from '../../src/conform/provocations/devices.ts'
import type { DialectContext } from '../support/database.ts'
import { test } from '../support/database.ts'
import type { Answer, Service } from '../support/service.ts'
import { ADMIN_TOKEN, MINUTE, PASSWORD, startService } from '../support/service.ts'
import { configure } from '../support/world.ts'

const SECOND = 1000
const NAME = '__Host-refresh_token'
const cookie = { name: NAME, secure: true, sameSite: 'Strict' } as const

async function start(t: DialectContext, settings: Partial<Settings> = {}): Promise<Service> {
  const service = await startService(t, { dbsc: 'optional', cookie, ...settings })
  await service.register()
  return service
}

const challengeIn = (header: string | null) => /"([^"]+)"(;id=|$)/.exec(header ?? '')?.[1] ?? ''

/** As much of a browser as takes part */
class Browser {
  readonly jar = new Map<string, string>()
  readonly userAgent: string
  service: Service
  key: KeyObject | undefined
  identifier = ''
  challenge = ''
  accessToken = ''

  constructor(service: Service, userAgent = 'the owner') {
    this.service = service
    this.userAgent = userAgent
  }

  async post(path: string, headers: Record<string, string> = {}, json?: object): Promise<Answer> {
    const Cookie = [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
    const sent = { 'User-Agent': this.userAgent, ...(Cookie && { Cookie }), ...headers }
    const answer = await this.service.request(path, { method: 'POST', headers: sent, ...(json && { json }) })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.jar.delete(name)
      else this.jar.set(name, value)
    }
    return answer
  }

  async logIn(): Promise<Answer> {
    const answer = await this.post(
      '/api/auth/login',
      {},
      { username: 'ada', password: PASSWORD, cookie: true },
    )
    assert.equal(answer.status, 200)
    this.accessToken = answer.body.data.access_token
    return answer
  }

  /** @param offer the answer that has the header */
  async register(offer: Answer): Promise<Answer> {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    this.key = pair.privateKey
    const challenge = challengeIn(offer.headers.get('Secure-Session-Registration'))
    const jwk = pair.publicKey.export({ format: 'jwk' })
    const proof = deviceProof(challenge, { jwk }, pair.privateKey)
    const answer = await this.post('/api/auth/dbsc/registration', { 'Secure-Session-Response': proof })
    this.identifier = answer.body?.session_identifier ?? ''
    this.challenge = challengeIn(answer.headers.get('Secure-Session-Challenge'))
    return answer
  }

  /** Signs once more when the challenge was too old, as a browser does. */
  async renew(tries = 2): Promise<Answer> {
    const answer = await this.post('/api/auth/dbsc/refresh', {
      'Sec-Secure-Session-Id': this.identifier,
      'Secure-Session-Response': deviceProof(this.challenge, {}, this.key),
    })
    this.challenge = challengeIn(answer.headers.get('Secure-Session-Challenge')) || this.challenge
    return answer.status === 403 && tries > 1 ? this.renew(tries - 1) : answer
  }

  async bind(): Promise<void> {
    await this.register(await this.logIn())
    assert.equal((await this.renew()).status, 200)
  }

  refresh(headers: Record<string, string> = {}): Promise<Answer> {
    return this.post('/refresh_token', headers)
  }

  /** What somebody has who copied the cookies, elsewhere */
  copy(userAgent = 'the thief'): Browser {
    const thief = new Browser(this.service, userAgent)
    for (const [name, value] of this.jar) thief.jar.set(name, value)
    return thief
  }
}

const eventsOf = async ({ request }: Service): Promise<string[]> => {
  const { body } = await request('/admin/events?limit=200', { bearer: ADMIN_TOKEN })
  return (body.data.events as { type: string; data: { reason: string | null } }[])
    .map(({ type, data }) => [type, data.reason].filter(Boolean).join(' '))
    .reverse()
    .filter((name) => !/^(user|session.opened)/.test(name))
}

const row = ({ core }: Service) =>
  core.db
    .selectFrom('sessions')
    .select(['bound_at', 'device_key', 'generation', 'revoked_reason'])
    .executeTakeFirstOrThrow()

test('a login with cookie offers a registration, a path relative to itself; others offer none', async (t) => {
  const service = await start(t)
  const offer = (await new Browser(service).logIn()).headers.get('Secure-Session-Registration')
  assert.match(offer ?? '', /^\(ES256\);path="dbsc\/registration";challenge="[\w.-]+"$/)
  assert.equal((await service.tryLogin()).headers.get('Secure-Session-Registration'), null)
  configure({ service }, { dbsc: 'off' })
  assert.equal((await new Browser(service).logIn()).headers.get('Secure-Session-Registration'), null)
})

test('a registration writes nothing; the first proof binds the session, and is an event', async (t) => {
  const service = await start(t, {
    publicUrl: 'https://example.com/auth',
    corsOrigins: ['https://app.example.com'],
  })
  const browser = new Browser(service)
  const { body } = await browser.register(await browser.logIn())
  assert.deepEqual(body.scope, {
    include_site: false,
    scope_specification: [
      { type: 'exclude', domain: '*', path: '/' },
      { type: 'include', domain: '*', path: '/auth/refresh_token' },
      { type: 'include', domain: '*', path: '/auth/api/auth' },
    ],
  })
  assert.deepEqual(body.allowed_refresh_initiators, ['app.example.com'])
  assert.deepEqual([(await row(service)).bound_at, browser.jar.size], [null, 1])
  assert.equal((await browser.renew()).status, 200)
  assert.equal((await row(service)).bound_at, service.clock.now)
  await browser.renew()
  assert.deepEqual(await eventsOf(service), ['session.bound'])
  assert.ok(browser.jar.has(`${NAME}-bound`))
})

test('a bound session goes on for its browser, over months of renewals', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  for (let day = 0; day < 60; day++) {
    service.clock.now += 24 * 60 * MINUTE
    assert.equal((await browser.renew()).status, 200)
    const answer = await browser.refresh()
    assert.deepEqual([answer.status, answer.headers.get('Secure-Session-Registration')], [200, null])
  }
  assert.deepEqual(await eventsOf(service), ['session.bound'])
})

test('a browser without a key goes on as ever, and is asked again at each rotation', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.logIn()
  for (let round = 0; round < 3; round++) {
    service.clock.now += 20 * MINUTE
    const old = browser.copy('the owner')
    const [first, again] = [await browser.refresh(), await old.refresh()]
    assert.deepEqual([first.status, again.status], [200, 200])
    assert.match(
      first.headers.get('Secure-Session-Registration') ?? '',
      /path="api\/auth\/dbsc\/registration"/,
    )
    assert.equal(again.headers.get('Secure-Session-Registration'), null, 'the browser would register twice')
  }
})

test('copied cookies are good for ten minutes, then refused and told, and the session goes on', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const thief = browser.copy()
  service.clock.now += 10 * MINUTE - 1
  // Neither is the thief's copy of the cookie any longer than it, nor does a refresh make it last.
  const early = thief.copy('the owner')
  assert.equal((await early.refresh()).status, 200)
  browser.jar.set(NAME, early.jar.get(NAME) ?? '')
  thief.jar.set(NAME, early.jar.get(NAME) ?? '')
  service.clock.now += 1
  for (const { jar } of [thief, early]) {
    const request = Object.assign(new Browser(service), { jar })
    assert.equal((await request.refresh()).status, 503, 'a browser renews the cookie now')
    assert.ok(!jar.has(`${NAME}-bound`))
    const answer = await request.refresh()
    assert.deepEqual([answer.status, answer.headers.get('Rekindle-Error')], [401, 'device_proof_required'])
    assert.deepEqual(answer.headers.getSetCookie(), [])
  }
  const told = (await eventsOf(service)).filter((name) => name === 'token.unproven')
  assert.equal(told.length, 1, 'once for a generation')
  assert.match(service.logged(), /"level":40[^\n]*"event":"token.unproven"/)
  await browser.renew()
  assert.equal((await browser.refresh()).status, 200)
  assert.equal((await row(service)).revoked_reason, null)
})

test('copied cookies without the bound one are refused at once, as a header too', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const thief = browser.copy()
  thief.jar.delete(`${NAME}-bound`)
  assert.equal((await thief.refresh()).status, 401)
  const token = thief.jar.get(NAME) ?? ''
  assert.equal((await service.refresh(token)).status, 401)
  assert.equal((await browser.refresh()).status, 200)
})

test('a copy that is presented after its owner has gone on ends the session: reuse, as ever', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const thief = browser.copy()
  await browser.refresh()
  await browser.refresh()
  assert.equal((await thief.refresh()).headers.get('Rekindle-Error'), 'refresh_token_invalid')
  assert.equal((await row(service)).revoked_reason, 'reuse')
  assert.equal((await browser.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
})

/** A thief rotates an unbound session and binds it to a key of theirs. */
async function takenOver(t: DialectContext, settings: Partial<Settings> = {}) {
  const service = await start(t, settings)
  const owner = new Browser(service)
  await owner.logIn()
  service.clock.now += MINUTE
  const thief = owner.copy()
  await thief.register(await thief.refresh())
  assert.equal((await thief.renew()).status, 200)
  return { service, owner, thief }
}

test('a thief who binds a session is found by the first retry of its owner', async (t) => {
  const { service, owner, thief } = await takenOver(t)
  service.clock.now += 60 * MINUTE
  assert.equal((await owner.refresh()).status, 401)
  assert.equal((await row(service)).revoked_reason, 'reuse')
  assert.equal((await thief.renew()).status, 401)
})

test('a thief who binds a session is found by its owner, who got the same token within the grace', async (t) => {
  const { service, owner, thief } = await takenOver(t)
  service.clock.now += 20 * SECOND
  assert.equal((await owner.refresh()).status, 200)
  service.clock.now += MINUTE
  assert.equal((await owner.refresh()).status, 401)
  assert.equal((await row(service)).revoked_reason, 'shared')
  assert.equal((await thief.refresh()).status, 401)
})

test('while shared tokens are only reported, it is told, and nobody without the key gets tokens', async (t) => {
  const { service, owner } = await takenOver(t, { sharedTokens: 'report' })
  service.clock.now += 20 * SECOND
  await owner.refresh()
  service.clock.now += MINUTE
  assert.equal((await owner.refresh()).headers.get('Rekindle-Error'), 'device_proof_required')
  assert.ok((await eventsOf(service)).includes('token.unproven'))
})

test('a refresh that was sent before the browser had the bound cookie is answered', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  const login = await browser.logIn()
  const early = browser.copy('the owner')
  await browser.register(login)
  await browser.renew()
  service.clock.now += 29 * SECOND
  assert.equal((await early.refresh()).status, 200)
  service.clock.now += 2 * SECOND
  browser.jar.set(NAME, early.jar.get(NAME) ?? '')
  assert.equal((await browser.refresh()).status, 200)
  assert.equal((await early.refresh()).status, 401)
})

test('a refresh and a first proof at once, many times: both succeed', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 10; round++) {
    const browser = new Browser(service)
    const login = await browser.logIn()
    const registering = browser.register(login).then(() => browser.renew())
    const answers = await Promise.all([
      registering,
      ...Array.from({ length: 6 }, () => browser.copy('the owner').refresh()),
    ])
    assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]))
  }
})

test('the first proof wins, also of many at once; the other key is forgotten by its browser', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 5; round++) {
    const browser = new Browser(service)
    const login = await browser.logIn()
    const twins = [browser, browser.copy('the owner'), browser.copy('the owner')]
    for (const twin of twins) await twin.register(login)
    const answers = await Promise.all(twins.map((twin) => twin.renew()))
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 401, 401])
    const winner = twins[answers.findIndex(({ status }) => status === 200)] as Browser
    service.clock.now += MINUTE
    assert.equal((await winner.refresh()).status, 200)
    // And later a registration is refused.
    const late = winner.copy()
    assert.equal((await late.register(login)).status, 401)
  }
})

test('a key that was not registered binds nothing', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.register(await browser.logIn())
  browser.identifier = [...browser.identifier.split('.').slice(0, 3), 'A'.repeat(43)].join('.')
  assert.equal((await browser.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
  assert.equal((await row(service)).bound_at, null)
})

test('revocation wins: a session that ends is bound no more, and its key proves nothing', async (t) => {
  const service = await start(t)
  for (let round = 0; round < 5; round++) {
    const browser = new Browser(service)
    await browser.register(await browser.logIn())
    const other = browser.copy('the owner')
    await Promise.all([browser.renew(), other.post('/api/auth/logout')])
    assert.equal((await browser.renew()).headers.get('Rekindle-Error'), 'device_session_ended')
    assert.equal((await browser.refresh()).status, 401)
  }
})

test('a proof twice and a lost answer: the second is as good', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.register(await browser.logIn())
  const [one, two] = await Promise.all([browser.renew(), browser.renew()])
  assert.deepEqual([one.status, two.status], [200, 200])
  assert.deepEqual(await eventsOf(service), ['session.bound'])
})

test('headers may be strings in quotes, as the specification has them', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const headers = {
    'Sec-Secure-Session-Id': `"${browser.identifier}"`,
    'Secure-Session-Response': `"${deviceProof(browser.challenge, {}, browser.key)}"`,
  }
  assert.equal((await browser.post('/api/auth/dbsc/refresh', headers)).status, 200)
})

test('a challenge may come back one late, and a process need not know those of another', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const old = browser.challenge
  await browser.renew()
  browser.challenge = old
  assert.equal((await browser.renew(1)).status, 200)
  service.clock.now += 30 * MINUTE
  browser.challenge = old
  assert.equal((await browser.renew(1)).status, 403)
  assert.equal((await browser.renew(1)).status, 200)
  // A restart
  const another = await startService(
    t,
    { dbsc: 'optional', cookie, database: service.database },
    service.clock,
  )
  browser.service = another
  assert.equal((await browser.renew(1)).status, 200)
  assert.equal((await browser.refresh()).status, 200)
})

test('an exchange of a bound session needs the bound cookie', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const { status, body } = await service.exchange(browser.accessToken)
  assert.deepEqual([status, body.message], [403, 'Exchange is disabled.'])
  const own = await browser.post('/api/auth/refresh', {}, { token: browser.accessToken })
  assert.equal(own.status, 200)
})

test('a browser that says that it could not renew the cookie may try again', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += 20 * MINUTE
  const skipped = { 'Secure-Session-Skipped': 'unreachable;session_identifier="x"' }
  const bare = browser.copy('the owner')
  bare.jar.delete(`${NAME}-bound`)
  const answer = await bare.refresh(skipped)
  assert.deepEqual([answer.status, answer.headers.get('Retry-After')], [503, '2'])
  await browser.renew()
  assert.equal((await browser.refresh(skipped)).status, 200)
})

test('after a login in another tab, the key of the session before is forgotten', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  const { identifier, key, challenge } = browser
  const offer = await browser.logIn()
  assert.ok(browser.jar.has(`${NAME}-bound`))
  await browser.register(offer)
  assert.ok(!browser.jar.has(`${NAME}-bound`), 'the cookie of the other session')
  const own = { identifier: browser.identifier, key: browser.key, challenge: browser.challenge }
  assert.equal((await Object.assign(browser, { identifier, key, challenge }).renew()).status, 401)
  assert.equal((await Object.assign(browser, own).renew()).status, 200)
  service.clock.now += MINUTE
  assert.equal((await browser.refresh()).status, 200)
})

test('switched off, bindings do not count, and browsers forget their keys', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += 20 * MINUTE
  configure({ service }, { dbsc: 'off' })
  assert.equal((await browser.renew()).status, 404)
  assert.equal((await browser.register(await browser.refresh())).status, 404)
  assert.equal((await browser.copy('the owner').refresh()).status, 200)
})

test('a password change in a bound session keeps it bound', async (t) => {
  const service = await start(t)
  const browser = new Browser(service)
  await browser.bind()
  service.clock.now += MINUTE
  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  const answer = await browser.post(
    '/api/auth/password',
    { Authorization: `Bearer ${browser.accessToken}` },
    json,
  )
  assert.equal(answer.status, 200)
  const thief = browser.copy()
  thief.jar.delete(`${NAME}-bound`)
  assert.equal((await thief.refresh()).status, 401)
  assert.equal((await browser.refresh()).status, 200)
})
