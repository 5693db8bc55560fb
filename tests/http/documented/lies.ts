/** Lies in the contract that the documented responses alone would not show, each with what is said about it. */
import type { Edits } from '../../contract/edited.ts'

const login = '/paths/~1api~1auth~1login/post'
const schemas = '/components/schemas'
const loginData = `${schemas}/LoggedInResult/properties/data`
const text = { type: 'string' }

type Lies = Readonly<Record<string, readonly [edits: Edits, says: string]>>

export const responseLies: Lies = {
  'a word of an error that is never sent': [
    { '/components/responses/InvalidRefreshToken/headers/Rekindle-Error/schema/enum/-': 'token_odd' },
    '#/components/responses/InvalidRefreshToken/headers/Rekindle-Error/schema is: never "token_odd"',
  ],
  'a message that is never sent': [
    { [`${loginData}/properties/message`]: { enum: ['Logged in successfully', 'Welcome'] } },
    '#/components/schemas/LoggedInResult/properties/data/properties/message is: never "Welcome"',
  ],
  'a reason that is never sent': [
    { [`${schemas}/InvalidMember/properties/reason/x-extensible-enum/-`]: 'odd' },
    '#/components/schemas/InvalidMember/properties/reason is: never "odd"',
  ],
  'a challenge that is never sent': [
    { '/components/headers/Challenge/schema/enum/-': 'Basic realm="rekindle"' },
    '#/components/headers/Challenge/schema is: never "Basic realm=\\"rekindle\\""',
  ],
  'an optional header that is never sent': [
    { [`${login}/responses/200/headers/X-Odd`]: { schema: text } },
    'login 200 X-Odd is sent: never true',
  ],
  'an optional cookie where none is set': [
    { '/components/responses/InvalidCredentials/headers/Set-Cookie': { schema: text } },
    'login 401 Set-Cookie is sent: never true',
  ],
  'a header that is always sent, and optional': [
    { '/components/headers/NoStore/required': undefined },
    'login 200 Cache-Control is sent: never false',
  ],
  'an optional member that is never sent': [
    { [`${loginData}/properties/scope`]: text },
    'login 200 body.data.scope is sent: never true',
  ],
  'a member that is always sent, and optional': [
    { [`${loginData}/required`]: ['message', 'access_token', 'token_type'] },
    'login 200 body.data.expires_in is sent: never false',
  ],
  'the same in a list': [
    { [`${schemas}/Session/required`]: ['id'] },
    'listSessions 200 body.data.sessions[].current is sent: never false',
  ],
  'a member that is never null': [
    { [`${schemas}/User/properties/created_at`]: { type: ['string', 'null'] } },
    '#/components/schemas/User/properties/created_at is null: never true',
  ],
}

export const requestLies: Lies = {
  'an optional member of a body': [
    { [`${schemas}/LoginRequest/properties/device`]: text },
    'login body device',
  ],
  'a parameter of a query': [
    { '/paths/~1admin~1events/get/parameters/-': { name: 'until', in: 'query', schema: text } },
    'listEvents query until',
  ],
  'a header of a request': [
    { [`${login}/parameters`]: [{ name: 'X-Device', in: 'header', schema: text }] },
    'header x-device',
  ],
}
