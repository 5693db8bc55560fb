/** What the contract says in words, and a single response cannot show: which tokens work, and which do no longer. */
import { good, ofUser } from './provocations/good.ts'
import type { Actor, Ask } from './provocations/provocation.ts'
import { cookieOf, jtiOf, sidOf } from './provocations/provocation.ts'
import type { Answer } from './request.ts'
import type { Rule } from './rule.ts'
import { holds, isOver, unlessStrict, withTokens } from './rule.ts'

const cookieFrom = ({ headers }: Answer) => headers.getSetCookie()[0]?.split(';')[0]?.split('=')[1] ?? ''

const withCookie = (actor: Actor, token: string, path: string): Ask => ({
  path,
  request: { method: 'POST', cookie: cookieOf(token, actor) },
})

const logInAs = (username: string, password: string): Ask => ({
  path: '/api/auth/login',
  request: { json: { username, password } },
})

export const rules: readonly Rule[] = [
  {
    name: 'an access token is of the user who logged in',
    async check(expect, actor) {
      const { status, body } = await expect('me', '200 ada', actor)
      holds(body.data.username === actor.user.username, 'me', status, 'it is another user')
    },
  },
  {
    name: 'the list of sessions has the one of the request as the only current one',
    async check(expect, actor) {
      const { status, body } = await expect('listSessions', '200 one', actor)
      const { sessions } = body.data as { sessions: unknown }
      const current = Array.isArray(sessions) ? sessions.filter((session) => session?.current === true) : []
      const isRight = current.length === 1 && current[0].id === sidOf(actor.accessToken)
      holds(isRight, 'listSessions', status, 'current is not right')
    },
  },
  {
    name: 'a refresh replaces the refresh token',
    needs: 'rotation',
    async check(expect, actor) {
      const first = await expect('refreshToken', '200 header', actor)
      const second = withTokens(actor, first)
      const isNew = second.refreshToken !== actor.refreshToken && second.accessToken !== actor.accessToken
      holds(isNew, 'refreshToken', first.status, 'a token of the answer is not a new one')
      await expect('me', '200 ada', second)
      await expect('refreshToken', '200 header', second)
    },
  },
  {
    name: 'a refresh that is sent again gets the same refresh token',
    needs: 'rotation',
    async check(expect, actor) {
      const first = await expect('refreshToken', '200 header', actor)
      const again = await expect('refreshToken', '200 header', actor).catch(unlessStrict)
      const isSame = first.body.data.refresh_token === again.body.data.refresh_token
      holds(isSame, 'refreshToken', again.status, 'a request that was sent again got another refresh token')
    },
  },
  {
    name: 'a refresh token that was replaced twice ends the session',
    needs: 'rotation',
    async check(expect, actor) {
      const second = withTokens(actor, await expect('refreshToken', '200 header', actor))
      const third = withTokens(actor, await expect('refreshToken', '200 header', second))
      await expect('refreshToken', '401 invalid', actor)
      await isOver(expect, third)
    },
  },
  {
    name: 'in cookie mode the refresh token is only in the cookie',
    needs: 'rotation',
    async check(expect, actor) {
      const { path, request } = await good.login(actor)
      const asked = { path, request: { json: { ...(request.json as object), cookie: true } } }
      const login = await expect('login', '200 cookie', asked)
      const [first, refresh] = [cookieFrom(login), '/refresh_token']
      holds(first !== '', 'login', login.status, 'a login with cookie sets none')
      const next = await expect('refreshToken', '200 cookie', withCookie(actor, first, refresh))
      const second = cookieFrom(next)
      holds(second !== '' && second !== first, 'refreshToken', next.status, 'there is no new cookie')
      await expect('refreshToken', '200 cookie', withCookie(actor, second, refresh))
      const logout = await expect('logout', '200 ok', withCookie(actor, second, '/api/auth/logout'))
      const isCleared = /max-age=0(;|$)/i.test(logout.headers.get('Set-Cookie') ?? '')
      holds(isCleared, 'logout', logout.status, 'the cookie is not deleted')
      await expect('refreshToken', '401 invalid', withCookie(actor, second, refresh))
    },
  },
  {
    name: 'a logout ends the session',
    async check(expect, actor) {
      await expect('logout', '200 ok', actor)
      await isOver(expect, actor)
    },
  },
  {
    name: 'an access token is exchanged once: a request that is sent again gets the same token',
    async check(expect, actor) {
      const first = withTokens(actor, await expect('exchangeToken', '200 exchanged', actor))
      const answer = await expect('exchangeToken', '200 exchanged', actor).catch(unlessStrict)
      // Its signature may be another one: ECDSA draws a random number.
      const isSame = jtiOf(withTokens(actor, answer).accessToken) === jtiOf(first.accessToken)
      holds(isSame, 'exchangeToken', answer.status, 'a request that was sent again got another access token')
    },
  },
  {
    name: 'neither an exchanged access token nor its successor survives a logout',
    async check(expect, actor) {
      const next = withTokens(actor, await expect('exchangeToken', '200 exchanged', actor))
      await expect('me', '200 ada', next)
      await expect('logout', '200 ok', next)
      await expect('me', '401 invalid', actor)
      await expect('exchangeToken', '401 invalid', next)
    },
  },
  {
    name: 'a session that is ended from another one is over, and that one is not',
    async check(expect, actor) {
      const other = { ...actor, ...(await actor.login()) }
      const { path } = await good.endSession(other)
      const request = { method: 'DELETE', bearer: actor.accessToken }
      await expect('endSession', '200 ok', { path, request })
      await isOver(expect, other)
      await expect('me', '200 ada', actor)
    },
  },
  {
    name: 'a logout of all sessions ends each of them',
    async check(expect, actor) {
      const other = { ...actor, ...(await actor.login()) }
      await expect('logoutAll', '200 ended', actor)
      await isOver(expect, actor)
      await isOver(expect, other)
    },
  },
  {
    name: 'a changed password ends the other sessions, and the old password is refused',
    needs: 'own',
    async check(expect, actor) {
      const other = { ...actor, ...(await actor.login()) }
      const next = withTokens(actor, await expect('changePassword', '200 changed', actor))
      await isOver(expect, other)
      await expect('me', '200 ada', next)
      await expect('login', '401 invalid_credentials', actor)
      await expect('login', '200 header', { ...actor, password: actor.newPassword })
    },
  },
  {
    name: 'a deactivated user is refused, and may log in again when activated',
    needs: 'admin',
    async check(expect, actor) {
      await expect('deactivateUser', '200 deactivated', actor)
      await expect('login', '403 inactive', actor)
      await expect('refreshToken', '403 inactive', actor)
      await expect('activateUser', '200 activated', actor)
      await isOver(expect, actor)
      await expect('login', '200 header', actor)
    },
  },
  {
    name: 'a deleted user is gone',
    needs: 'admin',
    async check(expect, actor) {
      await expect('deleteUser', '200 deleted', actor)
      await expect('getUser', '404 unknown_user', actor)
      await expect('refreshToken', '404 unknown_user', actor)
      await expect('login', '401 invalid_credentials', actor)
    },
  },
  {
    name: 'a password that an administrator sets replaces the old one and ends the sessions',
    needs: 'admin',
    async check(expect, actor) {
      await expect('setUserPassword', '200 set', actor)
      await isOver(expect, actor)
      await expect('login', '401 invalid_credentials', actor)
      await expect('login', '200 header', { ...actor, password: actor.newPassword })
    },
  },
  {
    name: 'a reset token sets a password once, and ends the sessions',
    needs: 'admin',
    async check(expect, actor) {
      const reset = (await good.resetPassword(actor)) as Ask
      await expect('resetPassword', '200 set', reset)
      await isOver(expect, actor)
      const another = { ...(reset.request.json as object), new_password: `${actor.newPassword}, again` }
      await expect('resetPassword', '401 invalid', { ...reset, request: { json: another } })
      await expect('login', '200 header', { ...actor, password: actor.newPassword })
    },
  },
  {
    name: 'a renamed user logs in with the new name',
    needs: 'admin',
    async check(expect, actor) {
      await expect('renameUser', '200 renamed', actor)
      await expect('me', '200 ada', actor)
      await expect('login', '200 header', logInAs(actor.freeName, actor.password))
      await expect('login', '401 invalid_credentials', actor)
    },
  },
  {
    name: 'a session that an administrator opened and ended is over',
    needs: 'admin',
    async check(expect, actor) {
      const opened = withTokens(actor, await expect('openUserSession', '201 opened', actor))
      await expect('me', '200 ada', opened)
      await expect('endUserSession', '200 ended', opened)
      await isOver(expect, opened)
      await expect('me', '200 ada', actor)
      await expect('endUserSessions', '200 ended', ofUser('/sessions', { method: 'DELETE' })(actor) as Ask)
      await isOver(expect, actor)
    },
  },
]
