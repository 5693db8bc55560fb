/** The accounts of a run: one of its own, with an admin token more, and none of anybody else. */
import { randomBytes } from 'node:crypto'
import type { Connection } from './connection.ts'
import type { Findings } from './findings.ts'
import type { Actor, Tokens } from './provocations/provocation.ts'
import { Unprepared } from './provocations/provocation.ts'
import type { Answer, Request } from './request.ts'

export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A run cannot begin with what it was given. */
export class Unusable extends Error {}

export interface AccountOptions {
  readonly connection: Connection
  /** For what is asked at the end, also when the run was stopped */
  readonly last: Connection
  readonly findings: Findings
  readonly given: Credentials | undefined
  readonly adminToken: string | undefined
}

// Not in the list of common passwords, and long enough for every setting
const newPassword = () => `${randomBytes(15).toString('base64url')} and more words`
const newName = () => `conform-${randomBytes(6).toString('hex')}`

/** @returns what is in the body, where the status says that it is there */
function expectStatus(answer: Answer, status: number, what: string) {
  if (answer.status !== status || !answer.body?.data)
    throw new Unprepared(`${what} answered ${answer.status}`)
  return answer.body.data
}

export class Accounts {
  /** Whether the account was made by this run, so that its password may be changed */
  readonly isOwn: boolean
  readonly hasAdmin: boolean
  readonly #options: AccountOptions
  /** The ids of the users that this run has made */
  readonly #made = new Set<string>()
  #account: Credentials | undefined
  #last: Actor | undefined
  /** Access tokens of the sessions that provocations have opened */
  #opened: string[] = []
  #spare = newPassword()
  #cookieName = 'refresh_token'

  constructor(options: AccountOptions) {
    this.#options = options
    options.findings.keepSecret(options.adminToken, options.given?.password, this.#spare)
    this.isOwn = options.given === undefined
    this.hasAdmin = options.adminToken !== undefined
  }

  /** Finds or makes the account of the run. */
  async open(): Promise<void> {
    if (this.hasAdmin) await this.#tryAdmin()
    this.#account = this.#options.given ?? (await this.#register())
    const answer = await this.request('/api/auth/login', { json: { ...this.#account, cookie: true } })
    if (answer.status === 401 && !this.isOwn) throw new Unusable('the account that was given is refused')
    expectStatus(answer, 200, 'a login with cookie')
    this.#cookieName = answer.headers.getSetCookie()[0]?.split('=')[0] ?? this.#cookieName
  }

  /** Sends a request, and remembers what it has changed. */
  async request(path: string, request?: Request): Promise<Answer> {
    const answer = await this.#options.connection.request(path, request)
    const id: unknown = answer.body?.data?.id
    const isMade = answer.status === 201 && /\/(register|users)$/.test(path)
    if (isMade && typeof id === 'string') this.#made.add(id)
    if (answer.status === 200 && path === '/api/auth/password') this.#passwordChanged(request?.json)
    return answer
  }

  /** Another session of the account */
  async session(): Promise<Actor> {
    if (this.#account === undefined) throw new Unprepared('there is no account')
    return this.#actor(this.#account)
  }

  /** Another user, if there is an admin token, else another session of the account. It ends with the next one. */
  async fresh(): Promise<Actor> {
    if (this.hasAdmin) return this.#actor(await this.#create())
    const { connection } = this.#options
    // Ends the session before, which is not checked any more: a user may have few sessions at once.
    if (this.#last !== undefined)
      await connection.raw('/api/auth/logout', { method: 'POST', bearer: this.#last.accessToken })
    this.#last = await this.session()
    return this.#last
  }

  /** Ends the sessions that provocations have opened: a user may have few at once, and the one in use must not end. */
  async endOpened(): Promise<void> {
    const { connection } = this.#options
    const opened = this.#opened
    this.#opened = []
    for (const bearer of opened) await connection.raw('/api/auth/logout', { method: 'POST', bearer })
  }

  /** Ends sessions and deletes users, as far as the API allows. */
  async cleanUp(): Promise<void> {
    const { last, findings, adminToken } = this.#options
    for (const id of this.hasAdmin ? this.#made : []) {
      const { status } = await last.request(`/admin/users/${encodeURIComponent(id)}`, {
        method: 'DELETE',
        bearer: adminToken,
      })
      if (status !== 200 && status !== 404) findings.remarks.push(`the user ${id} is left: ${status}`)
    }
    if (this.#account === undefined || (this.hasAdmin && this.isOwn)) return
    const { username } = this.#account
    const { body } = await last.request('/api/auth/login', { json: this.#account })
    const bearer: unknown = body?.data?.access_token
    const { status } = await last.request('/api/auth/logout_all', { method: 'POST', bearer: `${bearer}` })
    if (status !== 200) findings.remarks.push(`the sessions of ${username} are left: ${status}`)
    if (this.isOwn) findings.remarks.push(`the user ${username} is left, and nobody has its password`)
  }

  async #tryAdmin(): Promise<void> {
    const bearer = this.#options.adminToken
    const { status } = await this.request(`/admin/users?username=${newName()}`, { bearer })
    if (status === 401) throw new Unusable('ADMIN_TOKEN is not the one of the server')
    if (status === 404)
      throw new Unusable(
        'administration is off or closed there (404): unset ADMIN_TOKEN, or go around the proxy',
      )
  }

  async #register(): Promise<Credentials> {
    const credentials = this.#newCredentials()
    const answer = await this.request('/api/auth/register', { json: credentials })
    if (answer.status === 403 && this.hasAdmin) return this.#create()
    if (answer.status === 403)
      throw new Unusable('registration is closed: set ADMIN_TOKEN, or give --username and --password-file')
    expectStatus(answer, 201, 'the registration')
    return credentials
  }

  async #create(): Promise<Credentials> {
    if (!this.hasAdmin) throw new Unprepared('needs ADMIN_TOKEN')
    const credentials = this.#newCredentials()
    const bearer = this.#options.adminToken
    const answer = await this.request('/admin/users', { bearer, json: credentials })
    expectStatus(answer, 201, 'POST /admin/users')
    return credentials
  }

  #newCredentials(): Credentials {
    const credentials = { username: newName(), password: newPassword() }
    this.#options.findings.keepSecret(credentials.password)
    return credentials
  }

  async #logIn({ username, password }: Credentials): Promise<Tokens> {
    const answer = await this.request('/api/auth/login', { json: { username, password } })
    const { access_token, refresh_token } = expectStatus(answer, 200, 'a login')
    if (typeof access_token !== 'string' || typeof refresh_token !== 'string')
      throw new Unprepared('a login brought no tokens')
    return { accessToken: access_token, refreshToken: refresh_token }
  }

  async #actor(credentials: Credentials): Promise<Actor> {
    const tokens = await this.#logIn(credentials)
    const { body } = await this.request('/api/auth/me', { bearer: tokens.accessToken })
    return {
      ...tokens,
      ...credentials,
      user: { id: String(body?.data?.id), username: credentials.username },
      newPassword: this.#spare,
      adminToken: this.#options.adminToken ?? '',
      // They are not known: see reasons.ts.
      ...{ revocationsToken: '', introspectionToken: '' },
      cookieName: this.#cookieName,
      baseUrl: this.#options.connection.url,
      freeName: newName(),
      request: async (path, request) => {
        const answer = await this.request(path, request)
        if (path === '/api/auth/login') this.#remember(answer.body?.data?.access_token)
        return answer
      },
      login: async () => {
        const session = await this.#logIn(credentials)
        this.#remember(session.accessToken)
        return session
      },
      another: async () => this.#actor(await this.#create()),
    }
  }

  #remember(accessToken: unknown): void {
    if (typeof accessToken === 'string') this.#opened.push(accessToken)
  }

  #passwordChanged(json: unknown): void {
    const { current_password, new_password } = json as Record<string, string>
    const account = this.#account
    if (account === undefined || current_password !== account.password || new_password !== this.#spare) return
    this.#spare = account.password
    this.#account = { ...account, password: new_password }
  }
}
