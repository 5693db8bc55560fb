/**
 * `docs/invariants.md` and `docs/glossary.md` again, from the text and not from the code: no SQL, no JWT, no key. It
 * predicts each response. An object represents each token; its `text` is empty until the service first issues it.
 *
 * An operation with a `yield` has more than one step: others may run there.
 */
import type {
  AccessToken,
  Answer,
  Caller,
  RefreshToken,
  Rules,
  Session,
  Steps,
  User,
} from './histories/words.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const seconds = (milliseconds: number) => Math.floor(milliseconds / 1000)

const wrong = (why: string, status: number, message: string): Answer => ({ why, status, message })
const invalidRefresh = (why: string) => wrong(why, 401, 'Invalid refresh token.')
const invalidAccess = (why: string) => wrong(why, 401, 'Invalid access token.')
const expiredRefresh = (why: string) => wrong(why, 401, 'Refresh token has expired.')
const expiredAccess = (why: string) => wrong(why, 401, 'Access token has expired.')
const UNKNOWN_USER = wrong('unknown user', 404, 'User not found.')
const INACTIVE_USER = wrong('inactive user', 403, 'User is inactive.')

export class Model {
  now: number
  rules: Rules
  users: User[] = []
  sessions: Session[] = []
  refreshTokens: RefreshToken[] = []
  accessTokens: AccessToken[] = []

  constructor(now: number, rules: Rules) {
    this.now = now
    this.rules = rules
  }

  user(name: string): User | undefined {
    return this.users.find((user) => user.state !== 'deleted' && user.name === name.toLowerCase())
  }

  *login(name: string, password: string): Steps {
    const user = this.user(name)
    if (user?.password !== password) return wrong('credentials', 401, 'Invalid credentials.')
    if (user.state === 'inactive') return INACTIVE_USER
    const { passwordChanges } = user
    yield
    if (user.state !== 'active' || user.passwordChanges !== passwordChanges)
      return wrong('overtaken', 401, 'Invalid credentials.')
    const { now } = this
    const absoluteExpiresAt = now + this.rules.sessionMaxAge
    const expiresAt = Math.min(now + this.rules.refreshTokenTtl, absoluteExpiresAt)
    const began = { createdAt: now, rotatedAt: now, refreshedAt: now, generation: 0, startGeneration: 0 }
    const open = {
      id: '',
      user,
      refreshCount: 0,
      revoked: undefined,
      pruned: false,
      pruneAt: expiresAt,
      lineage: undefined,
    }
    const session: Session = { ...open, ...began, expiresAt, absoluteExpiresAt }
    this.sessions.push(session)
    return this.grant(session, 'opened', 'one')
  }

  *refresh(given: RefreshToken, by: Caller): Steps {
    const { session, generation, iat, exp, copyOf } = given
    const { now, rules } = this
    if (exp <= seconds(now)) return expiredRefresh('expired')
    if (session.user.state === 'deleted') return UNKNOWN_USER
    if (session.user.state === 'inactive') return INACTIVE_USER
    if (session.pruned || session.revoked !== undefined) return invalidRefresh('over')
    if (session.absoluteExpiresAt <= now) return expiredRefresh('past its deadline')
    const isFork = generation === session.generation && iat !== seconds(session.rotatedAt)
    if (generation > session.generation || isFork) {
      yield
      this.revoke([session], 'restored')
      return invalidRefresh(isFork ? 'forked' : 'ahead')
    }
    if (session.expiresAt <= now) return expiredRefresh('past its deadline')
    if (generation === session.generation) {
      session.refreshedAt = now
      session.refreshCount++
      if (!rules.rotation) {
        if (session.lineage !== undefined) session.lineage.isPresented = true
        return { why: 'refreshed', status: 200, access: this.mintAccess(session) }
      }
      return this.rotate(session, 'rotated', {
        predecessor: generation,
        copy: copyOf,
        by,
        isPresented: false,
      })
    }
    if (generation < session.startGeneration) return invalidRefresh('superseded')
    const { lineage, rotatedAt } = session
    const isPredecessor = generation === (lineage?.predecessor ?? session.generation - 1)
    const isAnothers = lineage !== undefined && copyOf !== lineage.copy && by !== lineage.by
    if (isPredecessor && this.inGrace(rotatedAt)) {
      if (!isAnothers) return this.grant(session, 'replayed', by)
      if (rules.sharedTokens === 'report') return this.grant(session, 'reported', by)
      yield
      if (generation >= session.startGeneration) this.revoke([session], 'shared')
      return invalidRefresh('shared')
    }
    const isLate = rules.rotation && rules.grace > 0 && now > rotatedAt && now - rotatedAt <= rules.lateRetry
    if (isPredecessor && isLate && lineage?.isPresented === false && !isAnothers) {
      const { generation: current } = session
      yield
      // Another request has rotated or ended the session: the retry is judged again.
      const isSame = session.generation === current && session.rotatedAt === rotatedAt && this.isLive(session)
      if (!isSame) return yield* this.refresh(given, by)
      session.refreshedAt = now
      session.refreshCount++
      return this.rotate(session, 'late', { predecessor: generation, copy: copyOf, by, isPresented: false })
    }
    yield
    if (generation >= session.startGeneration) this.revoke([session], 'reuse')
    return invalidRefresh('reused')
  }

  private rotate(session: Session, why: string, lineage: NonNullable<Session['lineage']>): Answer {
    const { now, rules } = this
    session.generation++
    session.rotatedAt = now
    session.expiresAt = Math.min(now + rules.refreshTokenTtl, session.absoluteExpiresAt)
    session.lineage = lineage
    return this.grant(session, why, lineage.by)
  }

  private grant(session: Session, why: string, to: Caller): Answer {
    return { why, status: 200, access: this.mintAccess(session), refresh: this.currentFor(session, to) }
  }

  *exchange(token: AccessToken): Steps {
    const { now, rules } = this
    const { session } = token
    if (rules.exchangeWindow === 0) return wrong('disabled', 403, 'Exchange is disabled.')
    if (token.isOfRevokedKey) return invalidAccess('revoked key')
    if (token.exp * 1000 + rules.exchangeWindow <= now) return expiredAccess('past the window')
    if (session.user.state === 'deleted') return UNKNOWN_USER
    if (session.user.state === 'inactive') return INACTIVE_USER
    if (session.pruned || session.revoked !== undefined) return invalidAccess('over')
    if (session.absoluteExpiresAt <= now) return expiredAccess('past its deadline')
    if (token.generation < session.startGeneration) return invalidAccess('superseded')
    if (rules.exchangeSessions === 'unrotated' && session.generation > session.startGeneration)
      return wrong('confined', 403, 'Exchange is disabled.')
    const isFirst = token.exchanged === undefined
    if (token.exchanged === undefined) {
      token.exchanged = { at: now, successor: this.mintAccess(session, token.generation) }
      session.refreshedAt = now
      session.refreshCount++
    } else if (!this.inGrace(token.exchanged.at)) {
      yield
      if (token.generation >= session.startGeneration) this.revoke([session], 'reuse')
      return invalidAccess('reused')
    }
    return { why: isFirst ? 'exchanged' : 'replayed', status: 200, access: token.exchanged.successor }
  }

  /** The response that refuses an access token, if it is no longer valid. */
  refusal({ session, generation, exp, exchanged, isOfRevokedKey }: AccessToken): Answer | undefined {
    if (isOfRevokedKey) return invalidAccess('revoked key')
    if (exp <= seconds(this.now)) return expiredAccess('expired')
    if (session.user.state === 'deleted') return UNKNOWN_USER
    if (session.user.state === 'inactive') return INACTIVE_USER
    if (session.pruned || session.revoked !== undefined) return invalidAccess('over')
    if (generation < session.startGeneration) return invalidAccess('superseded')
    const isSpent = exchanged !== undefined && !this.inGrace(exchanged.at)
    return isSpent ? invalidAccess('exchanged') : undefined
  }

  *me(token: AccessToken): Steps {
    const refusal = this.refusal(token)
    if (refusal !== undefined) return refusal
    yield
    return token.session.user.state === 'deleted' ? UNKNOWN_USER : { why: 'known', status: 200 }
  }

  /** With any refresh token of the session, or an access token that could still be exchanged. */
  logout(token: AccessToken | RefreshToken): Answer {
    const { session, kind, exp } = token
    if (kind === 'access' && token.isOfRevokedKey) return wrong('revoked key', 401, 'Invalid token.')
    if (kind === 'access' && exp * 1000 + this.rules.exchangeWindow <= this.now)
      return wrong('past the window', 401, 'Invalid token.')
    const ended = this.revoke([session], 'logout')
    return { why: ended === 1 ? 'ended' : 'over already', status: 200 }
  }

  *logoutAll(token: AccessToken): Steps {
    const refusal = this.refusal(token)
    if (refusal !== undefined) return refusal
    yield
    const own = this.sessions.filter(({ user }) => user === token.session.user)
    return { why: 'ended', status: 200, sessionsEnded: this.revoke(own, 'logout_all') }
  }

  *changePassword(token: AccessToken, current: string, next: string): Steps {
    const { session } = token
    const { user } = session
    const refusal = this.refusal(token)
    if (refusal?.why === 'superseded') {
      yield
      if (!this.mayRepeat(session)) return refusal
      yield
      return (yield* this.repeatChange(token, current, next)) ?? invalidAccess('overtaken')
    }
    if (refusal !== undefined) return refusal
    yield
    const { passwordChanges } = user
    if (user.state === 'deleted' || user.password !== current) {
      yield
      const repeated = yield* this.repeatChange(token, current, next)
      return repeated ?? wrong('password', 403, 'Current password is wrong.')
    }
    yield
    const isOver = session.pruned || session.revoked !== undefined || session.absoluteExpiresAt <= this.now
    if (user.state !== 'active' || user.passwordChanges !== passwordChanges || isOver)
      return (yield* this.repeatChange(token, current, next)) ?? invalidAccess('overtaken')
    user.replaced = { password: user.password, at: this.now, by: session }
    user.password = next
    user.passwordChanges++
    this.startAnew(session)
    const refresh = this.currentFor(session, 'one')
    const access = this.mintAccess(session)
    // If another operation ends them meanwhile, that one counts them.
    yield
    const others = this.sessions.filter((other) => other.user === user && other !== session)
    const sessionsEnded = this.revoke(others, 'password')
    return { why: 'changed', status: 200, sessionsEnded, access, refresh }
  }

  private mayRepeat(session: Session): boolean {
    const { replaced } = session.user
    return replaced?.by === session && this.inGrace(replaced.at)
  }

  /** The same change, by the session that has made it: it gets the tokens of the session as it is. */
  private *repeatChange(
    token: AccessToken,
    current: string,
    next: string,
  ): Generator<undefined, Answer | undefined> {
    const { session } = token
    const { user, generation, absoluteExpiresAt } = session
    const row = { ...session }
    if (token.generation >= session.startGeneration) return undefined
    if (user.state !== 'active' || session.pruned || session.revoked !== undefined) return undefined
    if (absoluteExpiresAt <= this.now) return undefined
    yield
    if (session.user.state === 'deleted' || !this.mayRepeat(session)) return undefined
    if (user.password !== next || user.replaced?.password !== current) return undefined
    const access = this.mintAccess(session, generation)
    const refresh = this.currentFor(session, 'one', row)
    return { why: 'repeated', status: 200, sessionsEnded: 0, access, refresh }
  }

  /** It skips a generation if the session was rotated: that still shows afterwards. */
  private startAnew(session: Session): void {
    const { now, rules } = this
    const isRotated = session.generation > session.startGeneration
    session.startGeneration = session.generation + 1
    session.generation += isRotated ? 2 : 1
    session.rotatedAt = now
    session.refreshedAt = now
    session.expiresAt = Math.min(now + rules.refreshTokenTtl, session.absoluteExpiresAt)
    session.lineage = undefined
  }

  *endSession(token: AccessToken, session: Session): Steps {
    const refusal = this.refusal(token)
    if (refusal !== undefined) return refusal
    yield
    const ended = session.user === token.session.user ? this.revoke([session], 'ended') : 0
    return ended === 1 ? { why: 'ended', status: 200 } : wrong('no such session', 404, 'Session not found.')
  }

  *listSessions(token: AccessToken): Steps {
    const refusal = this.refusal(token)
    if (refusal !== undefined) return refusal
    yield
    const sessions = this.rows().filter(
      (session) =>
        session.user === token.session.user &&
        session.revoked === undefined &&
        session.absoluteExpiresAt > this.now &&
        (session.expiresAt > this.now || this.exchangeableUntil(session.refreshedAt) > this.now),
    )
    return { why: 'listed', status: 200, sessions }
  }

  /** Deletes sessions that expired an hour ago and can neither be refreshed nor exchanged. */
  prune(): void {
    const hourAgo = this.now - HOUR
    for (const user of this.users) {
      const at = user.replaced?.at ?? Number.POSITIVE_INFINITY
      if (at <= this.now - this.rules.grace - MINUTE) user.replaced = undefined
    }
    for (const session of this.sessions) {
      const last = Math.min(this.exchangeableUntil(session.refreshedAt), session.absoluteExpiresAt)
      const over = Math.max(session.expiresAt, last)
      const dead = session.revoked !== undefined && this.exchangeableUntil(session.revoked.at) <= hourAgo
      const isDue = session.pruneAt <= hourAgo
      session.pruned ||= dead || (isDue && over <= hourAgo)
      // The next time is computed with the current settings, even if they change until then.
      if (isDue) session.pruneAt = session.expiresAt > hourAgo ? session.expiresAt : last
    }
  }

  deactivate(name: string): void {
    const user = this.user(name)
    if (user === undefined) return
    user.state = 'inactive'
    this.revoke(
      this.sessions.filter((session) => session.user === user),
      'deactivated',
    )
  }

  activate(name: string): void {
    const user = this.user(name)
    if (user !== undefined) user.state = 'active'
  }

  delete(name: string): void {
    const user = this.user(name)
    if (user !== undefined) user.state = 'deleted'
  }

  /** The rows that a database should hold now. */
  rows(): Session[] {
    return this.sessions.filter(({ pruned, user }) => !pruned && user.state !== 'deleted')
  }

  isLive({ user, pruned, revoked, expiresAt, absoluteExpiresAt }: Session): boolean {
    const isOpen = user.state === 'active' && !pruned && revoked === undefined
    return isOpen && expiresAt > this.now && absoluteExpiresAt > this.now
  }

  inGrace(since: number): boolean {
    const { grace } = this.rules
    return grace > 0 && this.now - since <= grace && since - this.now <= Math.min(grace, MINUTE)
  }

  /** The expiry of the last access token of a refresh at `since`, or of its replay. */
  exchangeableUntil(since: number): number {
    return since + this.rules.grace + this.rules.accessTokenTtl + this.rules.exchangeWindow
  }

  /** After its absolute deadline a session has ended: it does not count, and a clock set back does not revive it. */
  private revoke(sessions: readonly Session[], reason: string): number {
    const rows = this.rows()
    const open = sessions.filter((session) => rows.includes(session) && session.revoked === undefined)
    for (const session of open) session.revoked = { at: this.now, reason }
    return open.filter(({ absoluteExpiresAt }) => absoluteExpiresAt > this.now).length
  }

  private mintAccess(session: Session, generation = session.generation): AccessToken {
    const exp = seconds(Math.min(this.now + this.rules.accessTokenTtl, session.absoluteExpiresAt))
    const times = { iat: seconds(this.now), exp }
    const state = { text: '', exchanged: undefined, isOfRevokedKey: false }
    const token: AccessToken = { kind: 'access', session, generation, ...times, ...state }
    this.accessTokens.push(token)
    return token
  }

  /** The current token as this caller gets it. Each caller has one copy, and after a login or password change there is one token. */
  private currentFor(session: Session, caller: Caller, row = session): RefreshToken {
    const { generation } = row
    const copyOf = row.lineage === undefined ? undefined : caller
    const made = this.refreshTokens.find(
      (token) => token.session === session && token.generation === generation && token.copyOf === copyOf,
    )
    if (made !== undefined) return made
    const times = { iat: seconds(row.rotatedAt), exp: seconds(row.expiresAt) }
    const token = { kind: 'refresh', text: '', session, generation, copyOf, ...times } as const
    this.refreshTokens.push(token)
    return token
  }
}
