/** The contract's tag `accounts`. */
import { PASSWORD } from '../../fixture.ts'
import type { Provocation, Provocations } from './provoke.ts'
import { after, busy, changed, reading, withAccess, withBody } from './provoke.ts'
import { configure } from './world.ts'

const grace: Provocation = () => ({
  path: '/api/auth/register',
  request: { json: { username: 'grace', password: PASSWORD } },
})

const taken: Provocation = () => ({
  path: '/api/auth/register',
  request: { json: { username: 'Ada', password: PASSWORD } },
})

export const register: Provocations = {
  ...withBody(grace, 'username'),
  ...busy(taken),
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
  ...withAccess(change),
  ...busy(wrong),
  '200 changed': change,
  '403 wrong_password': wrong,
}

const whoAmI: Provocation = ({ accessToken }) => ({
  path: '/api/auth/me',
  request: { bearer: accessToken },
})

export const me: Provocations = { ...reading(whoAmI), ...withAccess(whoAmI), '200 ada': whoAmI }
