/** Changes with a known verdict, each made alone to the released contract. */

import type { Edits } from './edited.ts'

/** The change, and separately the changes that have to be made first so that it is possible */
export type Row = Edits | readonly [before: Edits, edits: Edits]

const login = '/paths/~1api~1auth~1login/post'
const me = '/paths/~1api~1auth~1me/get'
const session = '/paths/~1api~1auth~1sessions~1{id}/delete'
const refresh = '/paths/~1refresh_token/post'
const loginBody = `${login}/requestBody/content/application~1json`
const schemas = '/components/schemas'
const loginRequest = `${schemas}/LoginRequest`
const loginData = `${schemas}/LoginResult/properties/data`
const sessionRow = `${schemas}/Session`
const badRefreshBody = '/components/responses/InvalidRefreshToken/content/application~1json'
const badRefresh = `${badRefreshBody}/schema/properties`

const locale = { type: 'string', enum: ['de', 'en', 'fr'] }
const limit = { name: 'limit', in: 'query', schema: { type: 'integer' } }
const operation = { operationId: 'new', responses: { 200: { description: 'New' } } }

const anyError = { properties: { code: { type: 'integer' }, message: { type: 'string' } } }

const event = '/webhooks/event/post'
const eventBody = `${event}/requestBody/content/application~1json/schema`
const id = { name: 'webhook-id', in: 'header', required: true, schema: { type: 'string' } }
const webhook = {
  '/webhooks': {
    event: {
      post: {
        operationId: 'receiveEvent',
        parameters: [id],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['type', 'user'],
                properties: {
                  type: { type: 'string', 'x-extensible-enum': ['login', 'logout'] },
                  user: { type: 'string' },
                },
              },
            },
          },
        },
        responses: { '2XX': { description: 'Stored' }, '4XX': { description: 'Refused' } },
      },
    },
  },
}

// A released response that is closed tells strict clients to refuse what it does not list.
const opened = { [`${sessionRow}/additionalProperties`]: true }

export const breaking: Readonly<Record<string, Row>> = {
  'an operation removed': { [me]: undefined },
  'a path renamed': { '/paths/~1api~1auth~1me': undefined, '/paths/~1api~1me': { get: operation } },
  'an operationId changed': { [`${me}/operationId`]: 'whoAmI' },
  'a success status removed': { [`${login}/responses/200`]: undefined },
  'an error status removed': { [`${login}/responses/401`]: undefined },
  'a success status added': { [`${login}/responses/202`]: { description: 'Later' } },
  'a response media type removed': { '/paths/~1docs/get/responses/200/content': {} },
  'a member added to a closed response': { [`${sessionRow}/properties/nickname`]: { type: 'string' } },
  'a check of the server added': {
    [`${loginRequest}/properties/username`]: { type: 'string', 'x-server-check': { pattern: '^a$' } },
  },
  'a response member removed': { [`${loginData}/properties/refresh_token`]: undefined },
  'a response member optional now': { [`${loginData}/required`]: ['message', 'access_token'] },
  'type of a response member changed': { [`${schemas}/ExpiresIn/type`]: 'string' },
  'a response member nullable now': { [`${schemas}/Timestamp/type`]: ['string', 'null'] },
  'an enum of a response widened': { [`${badRefresh}/message/enum/-`]: 'Refresh token is odd.' },
  'a message of an error changed, which only its example has': [
    { [`${badRefreshBody}/schema`]: anyError },
    { [`${badRefreshBody}/examples/invalid/value/message`]: 'Refresh token is odd.' },
  ],
  'a message changed': { [`${loginData}/properties/message/const`]: 'Welcome' },
  'a constant freed': { [`${loginData}/properties/message/const`]: undefined },
  'a bound of a response widened': { [`${schemas}/ExpiresIn/minimum`]: -1 },
  'a pattern of a response replaced by values, one of which does not match it': {
    '/components/headers/Challenge/schema': { type: 'string', enum: ['Bearer realm="a"', 'Basic realm="a"'] },
  },
  'a pattern of a response removed': { [`${schemas}/Jwt/pattern`]: undefined },
  'a format of a response changed': { [`${schemas}/Timestamp/format`]: 'date' },
  'a response header removed': { [`${login}/responses/200/headers/Set-Cookie`]: undefined },
  'a response header optional now': { '/components/headers/RetryAfter/required': false },
  'a required request member added': {
    [`${loginRequest}/required/-`]: 'otp',
    [`${loginRequest}/properties/otp`]: { type: 'string' },
  },
  'a request member required now': { [`${loginRequest}/required/-`]: 'cookie' },
  'a request member removed': { [`${loginRequest}/properties/cookie`]: undefined },
  'an enum of a request narrowed': [
    { [`${loginRequest}/properties/locale`]: locale },
    { [`${loginRequest}/properties/locale/enum/0`]: undefined },
  ],
  'type of a request member changed': { [`${loginRequest}/properties/cookie/type`]: 'string' },
  'a pattern of a request tightened': { [`${schemas}/NewPassword/pattern`]: '^[a-z]+$' },
  'a length of a request tightened': { [`${schemas}/NewPassword/minLength`]: 12 },
  'a greatest length of a request tightened': { [`${schemas}/NewPassword/maxLength`]: 64 },
  'a number of a request whole now': [
    { [`${loginRequest}/properties/age`]: { type: 'number' } },
    { [`${loginRequest}/properties/age/type`]: 'integer' },
  ],
  'an open request closed': [
    { [`${loginRequest}/additionalProperties`]: undefined },
    { [`${loginRequest}/additionalProperties`]: false },
  ],
  'a request body required now': [
    { [`${login}/requestBody/required`]: undefined },
    { [`${login}/requestBody/required`]: true },
  ],
  'a request media type removed': [
    { [`${login}/requestBody/content/text~1plain`]: {} },
    { [`${login}/requestBody/content/text~1plain`]: undefined },
  ],
  'a required parameter added': { [`${me}/parameters`]: [{ ...limit, required: true }] },
  'a parameter removed': [{ [`${me}/parameters`]: [limit] }, { [`${me}/parameters`]: undefined }],
  'a parameter tightened': { [`${session}/parameters/0/schema/maxLength`]: 8 },
  'security added': { [`${login}/security`]: [{ accessToken: [] }] },
  'a way to authenticate removed': { [`${refresh}/security/1`]: undefined },
  'a security scheme changed': { '/components/securitySchemes/refreshCookie/name': 'rt' },
  'the address of the server changed': { '/servers/0/url': '/v2' },
  'a webhook removed': [webhook, { '/webhooks/event': undefined }],
  'the name of an event removed': [
    webhook,
    { [`${eventBody}/properties/type/x-extensible-enum/0`]: undefined },
  ],
  'the names of events no longer listed': [
    webhook,
    { [`${eventBody}/properties/type/x-extensible-enum`]: undefined },
  ],
  'a member of an event removed': [webhook, { [`${eventBody}/properties/user`]: undefined }],
  'a member of an event optional now': [webhook, { [`${eventBody}/required`]: ['type'] }],
  'a member of an event nullable now': [
    webhook,
    { [`${eventBody}/properties/user/type`]: ['string', 'null'] },
  ],
  'a header of an event removed': [webhook, { [`${event}/parameters`]: [] }],
  'a header of an event optional now': [webhook, { [`${event}/parameters/0/required`]: false }],
  'an event without a body': [webhook, { [`${event}/requestBody/required`]: false }],
  'an answer to an event no longer taken': [webhook, { [`${event}/responses/2XX`]: undefined }],
  'a keyword that cannot be judged': { [`${loginRequest}/not`]: { required: ['cookie'] } },
}

export const compatible: Readonly<Record<string, Row>> = {
  nothing: {},
  descriptions: {
    [`${login}/description`]: 'Other words',
    [`${schemas}/Jwt/description`]: 'A JWT',
    '/info/summary': 'New',
  },
  'an example changed': { [`${loginBody}/examples/header/value/username`]: 'grace' },
  'an operation added': { '/paths/~1api~1auth~1new': { get: operation } },
  'an error status added': { [`${me}/responses/429`]: { description: 'Slow down' } },
  'an optional response member added': [
    opened,
    { [`${sessionRow}/properties/nickname`]: { type: 'string' } },
  ],
  'a required response member added': [
    opened,
    {
      [`${sessionRow}/properties/nickname`]: { type: 'string' },
      [`${sessionRow}/required/-`]: 'nickname',
    },
  ],
  'an error whose messages only its examples have': {
    [`${badRefreshBody}/schema`]: {
      ...anyError,
      required: ['status', 'code', 'message'],
      type: 'object',
      properties: { ...anyError.properties, status: { const: 'error', type: 'string' } },
    },
  },
  'a response opened': opened,
  'a pattern of a request left to the server': {
    [`${schemas}/Password/pattern`]: undefined,
    [`${schemas}/Password/x-server-check`]: { pattern: '^\\P{Cs}*$' },
  },
  'a response member promised now': { [`${loginData}/required/-`]: 'refresh_token' },
  'a nullable response member never null': { [`${sessionRow}/properties/device/type`]: 'string' },
  'a pattern of a response replaced by values that match it': {
    '/components/headers/Challenge/schema': { type: 'string', enum: ['Bearer realm="a"'] },
  },
  'an enum of a response narrowed': { [`${badRefresh}/message/enum/0`]: undefined },
  'a bound of a response tightened': { [`${schemas}/ExpiresIn/minimum`]: 1 },
  'a response header added': { [`${me}/responses/200/headers/ETag`]: { schema: { type: 'string' } } },
  'an optional request member added': { [`${loginRequest}/properties/device`]: { type: 'string' } },
  'a request member optional now': { [`${loginRequest}/required`]: ['username'] },
  'an enum of a request widened': [
    { [`${loginRequest}/properties/locale`]: locale },
    { [`${loginRequest}/properties/locale/enum/-`]: 'it' },
  ],
  'a type of a request widened': { [`${loginRequest}/properties/cookie/type`]: ['boolean', 'null'] },
  'a whole number of a request any number now': [
    { [`${loginRequest}/properties/age`]: { type: 'integer' } },
    { [`${loginRequest}/properties/age/type`]: 'number' },
  ],
  'a pattern of a request removed': { [`${schemas}/NewPassword/pattern`]: undefined },
  'a length of a request loosened': { [`${schemas}/NewPassword/minLength`]: 6 },
  'an optional parameter added': { [`${me}/parameters`]: [limit] },
  'security removed': { [`${me}/security`]: [] },
  'a way to authenticate added': { [`${me}/security/-`]: { refreshCookie: [] } },
  'a status for conditional requests added': {
    [`${me}/responses/304`]: { description: 'Not modified' },
  },
  'a webhook added': webhook,
  'the name of an event added': [webhook, { [`${eventBody}/properties/type/x-extensible-enum/-`]: 'new' }],
  'a member of an event added': [webhook, { [`${eventBody}/properties/time`]: { type: 'string' } }],
  'a member of an event promised now': [webhook, { [`${eventBody}/properties/user/minLength`]: 1 }],
  'a header of an event added': [webhook, { [`${event}/parameters/-`]: { ...id, name: 'webhook-key' } }],
  'an answer to an event described': [webhook, { [`${event}/responses/3XX`]: { description: 'Elsewhere' } }],
  'a schema inlined': {
    [`${loginRequest}/properties/password`]: {
      type: 'string',
      minLength: 1,
      maxLength: 256,
      pattern: '^\\P{Cs}*$',
    },
  },
}
