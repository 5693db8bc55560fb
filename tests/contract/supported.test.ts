/** What the generated routes and validators would leave out cannot get into the contract. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { assertSupported } from '../../openapi/supported.ts'
import type { Edits } from './edited.ts'
import { edited } from './edited.ts'

const contract = readFileSync(new URL('../../generated/openapi.json', import.meta.url), 'utf8')

const login = '/paths/~1api~1auth~1login/post'
const users = '/paths/~1admin~1users/get'
const content = `${login}/requestBody/content`
const members = '/components/schemas/LoginRequest/properties'
const form = { schema: { $ref: '#/components/schemas/LoginRequest' } }
const parameter = { name: 'x', in: 'query', schema: { type: 'string' } }

const IGNORED: Readonly<Record<string, readonly [edits: Edits, says: RegExp]>> = {
  'a media type of a request': [
    { [`${content}/multipart~1form-data`]: form },
    /^POST \/api\/auth\/login, body: multipart\/form-data would be ignored$/,
  ],
  'a second media type of a request': [
    { [`${content}/application~1x-www-form-urlencoded`]: form },
    /only the first type would be accepted/,
  ],
  'a body without JSON': [{ [content]: { 'text/plain': form } }, /text\/plain would be/],
  'an optional body': [{ [`${login}/requestBody/required`]: undefined }, /optional body would be required/],
  'an encoding': [{ [`${content}/application~1json/encoding`]: {} }, /encoding would be/],
  'a parameter in a cookie': [
    { [`${users}/parameters/-`]: { ...parameter, in: 'cookie' } },
    /x: cookie would be/,
  ],
  'a parameter of all methods': [{ '/paths/~1admin~1users/parameters': [parameter] }, /parameters would be/],
  'a style of a parameter': [
    { [`${users}/parameters/-`]: { ...parameter, explode: false } },
    /explode would be/,
  ],
  'JSON in a parameter': [
    { [`${users}/parameters/-`]: { name: 'x', in: 'query', content: {} } },
    /content would be/,
  ],
  'a switch in a query': [
    { [`${users}/parameters/-`]: { ...parameter, schema: { type: 'boolean' } } },
    /x: boolean would be/,
  ],
  'a number in a header': [
    { [`${users}/parameters/-`]: { ...parameter, in: 'header', schema: { type: 'integer' } } },
    /x: integer would be/,
  ],
  'another method': [{ '/paths/~1admin~1users/patch': {} }, /patch would be/],
  'a server of one operation': [{ [`${login}/servers`]: [] }, /servers would be/],
  'a callback': [{ [`${login}/callbacks`]: {} }, /callbacks would be/],
  'a list': [
    { [`${members}/scopes`]: { type: 'array', maxItems: 3, items: { type: 'string' } } },
    /body scopes: (maxItems|items|array) would be/,
  ],
  'a number that is not whole': [{ [`${members}/age`]: { type: 'number' } }, /number would be/],
  'a multiple': [{ [`${members}/age`]: { type: 'integer', multipleOf: 5 } }, /multipleOf would be/],
  'a condition': [{ [`${members}/cookie/if`]: {} }, /if would be/],
  'a negation': [{ [`${members}/cookie/not`]: {} }, /not would be/],
  'a number of members': [{ '/components/schemas/LoginRequest/maxProperties': 3 }, /maxProperties would be/],
  'a format that nothing tests': [
    { [`${members}/email`]: { type: 'string', format: 'email' } },
    /email would be/,
  ],
}

test('the contract itself has nothing that would be ignored', () => {
  assert.doesNotThrow(() => assertSupported(JSON.parse(contract)))
})

for (const [name, [edits, says]] of Object.entries(IGNORED)) {
  test(`refused: ${name}`, () => {
    assert.throws(
      () => assertSupported(JSON.parse(edited(contract, edits))),
      ({ message }: Error) => says.test(message),
    )
  })
}
