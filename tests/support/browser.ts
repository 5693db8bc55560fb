/** As much of a browser as device bound sessions need, made of requests. */
import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { generateKeyPairSync } from 'node:crypto'
import type { TestContext } from 'node:test'
import type { Secrets, Settings } from '../../src/config/settings.ts'
import { deviceProof } from '../../src/conform/provocations/devices.ts'
import type { Dialect } from './database.ts'
import type { Answer, Clock, Service } from './service.ts'
import { ADMIN_TOKEN, PASSWORD, startService } from './service.ts'

export const NAME = '__Host-refresh_token'
export const BOUND = `${NAME}-bound`
const cookie = { name: NAME, secure: true, sameSite: 'Strict' } as const

type Context = Pick<TestContext, 'after'> & { readonly dialect?: Dialect }

/** A service that binds sessions */
export const startBinding = (
  t: Context,
  settings: Partial<Settings> = {},
  clock?: Clock,
  secrets: Partial<Secrets> = {},
): Promise<Service> => startService(t, { dbsc: 'optional', cookie, ...settings }, clock, t.dialect, secrets)

const challengeIn = (header: string | null) => /"([^"]+)"(;id=|$)/.exec(header ?? '')?.[1] ?? ''

export class Browser {
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

  async logIn(password = PASSWORD): Promise<Answer> {
    const answer = await this.post('/api/auth/login', {}, { username: 'ada', password, cookie: true })
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

/** All but those of users and logins, the oldest first */
export const eventsOf = async ({ request }: Service): Promise<string[]> => {
  const { body } = await request('/admin/events?limit=200', { bearer: ADMIN_TOKEN })
  return (body.data.events as { type: string; data: { reason: string | null } }[])
    .map(({ type, data }) => [type, data.reason].filter(Boolean).join(' '))
    .reverse()
    .filter((name) => !/^(user|session.opened)/.test(name))
}

export const rowOf = ({ core }: Service) =>
  core.db
    .selectFrom('sessions')
    .select(['bound_at', 'device_key', 'generation', 'revoked_reason'])
    .executeTakeFirstOrThrow()
