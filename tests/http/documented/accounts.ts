/** The contract's tag `accounts`. */
import { PASSWORD } from '../../support/service.ts'
import { configure } from '../../support/world.ts'
import type { Provocation, Provocations } from './provoke.ts'
import { after, busy, changed, limitedTo, reading, withAccess, withBody } from './provoke.ts'

const grace: Provocation = () => ({
  path: '/api/auth/register',
  request: { json: { username: 'grace', password: PASSWORD } },
})

const taken: Provocation = () => ({
  path: '/api/auth/register',
  request: { json: { username: 'Ada', password: PASSWORD } },
})

/** The responses of an operation that accepts a new password. */
export const withNewPassword = (good: Provocation, member: string): Provocations => {
  const as = (password: string) =>
    changed(good, (request) => ({ ...request, json: { ...(request.json as object), [member]: password } }))
  return {
    '400 short_password': after(as('14 characters!'), (world) => {
      const { password } = world.service.core.settings
      configure(world, { password: { ...password, minLength: 15 } })
    }),
    '400 long_password': as('ß'.repeat(129)),
    '400 undecodable_password': changed(as('größe of things'), ({ json, ...request }) => ({
      ...request,
      body: Buffer.from(JSON.stringify(json), 'latin1'),
      headers: { 'Content-Type': 'application/json' },
    })),
    '400 username_inside': [as('Grace and Ada'), as('and ＧＲＡＣＥ, and ＡＤＡ')],
    '400 common_password': [as('password1'), as('Rekindle')],
  }
}

export const register: Provocations = {
  ...withBody(grace, 'username'),
  ...withNewPassword(grace, 'password'),
  ...busy(taken),
  ...limitedTo(taken),
  '201 registered': grace,
  '403 closed': after(grace, (world) => configure(world, { registration: 'closed' })),
  '409 taken': taken,
}

const change: Provocation = ({ accessToken }) => ({
  path: '/api/auth/password',
  request: {
    bearer: accessToken,
    json: { current_password: PASSWORD, new_password: 'another one entirely' },
  },
})

const wrong = changed(change, (request) => ({
  ...request,
  json: { current_password: 'not the password', new_password: 'another one entirely' },
}))

export const changePassword: Provocations = {
  ...withBody(change, 'current_password'),
  ...withNewPassword(change, 'new_password'),
  ...withAccess(change),
  ...busy(wrong),
  ...limitedTo(wrong),
  '200 changed': change,
  '200 cookie': changed(change, (request, { refreshToken }) => ({
    ...request,
    cookie: `refresh_token=${refreshToken}`,
  })),
  '403 wrong_password': wrong,
}

const whoAmI: Provocation = ({ accessToken }) => ({
  path: '/api/auth/me',
  request: { bearer: accessToken },
})

export const me: Provocations = { ...reading(whoAmI), ...withAccess(whoAmI), '200 ada': whoAmI }
