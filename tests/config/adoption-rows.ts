import { generateKeyPairSync } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { temporaryDirectory } from '../support/temporary.ts'
import type { Row } from './row.ts'
import { asTheyAre } from './row.ts'

const strong = 'qU8vXk2Yw0aJr6TfLz1Nd9Hs4Pb7Ec3MgRoViKt5'
const until = { ADOPT_UNTIL: '2027-01-31' }
const env = { ADOPT_SECRET: strong, ...until }

const directory = temporaryDirectory('adoption')
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const written = (name: string, text: string) => {
  const file = join(directory, name)
  writeFileSync(file, text)
  return file
}
const keys = (...all: object[]) => JSON.stringify({ keys: all })
const JWKS = written('jwks.json', keys({ ...publicKey.export({ format: 'jwk' }), kid: 'one' }))

const rule = (name: 'refresh' | 'access', unset: unknown): Row => ({
  pick: ({ settings }) => settings.adoption?.kinds[name],
  unset: undefined,
  good: {},
  wrong: ['type=other'],
  beside: {
    env: { ...env, ...(name === 'access' ? {} : { ADOPT_ACCESS_TOKENS: 'type=access' }) },
    good: {
      ...(name === 'access' ? {} : { off: 'off' }),
      any: 'any',
      'token_type=x=y': { claim: 'token_type', value: 'x=y' },
      '': unset,
    },
    wrong: ['refresh', '=refresh', 'type= refresh', 'On'],
  },
})

const plain = (pick: Row['pick'], unset?: string): Row => ({
  pick,
  unset: undefined,
  good: {},
  wrong: ['https://old'],
  beside: { env, good: { ...asTheyAre('https://old', 'a b'), '': unset }, wrong: [' x', 'x '.repeat(600)] },
})

/** What adopts tokens of another system */
export const adoptionRows: Readonly<Record<string, Row>> = {
  ADOPT_SECRET: {
    pick: ({ secrets }) =>
      secrets.adoption && 'secret' in secrets.adoption && String(secrets.adoption.secret.length),
    unset: undefined,
    good: {},
    wrong: [],
    beside: { env: until, good: { [strong]: '40', short: '5' }, wrong: [] },
  },
  ADOPT_JWKS: {
    pick: ({ secrets }) =>
      secrets.adoption && ('url' in secrets.adoption ? secrets.adoption.url : 'jwks' in secrets.adoption),
    unset: undefined,
    good: {},
    wrong: [],
    beside: {
      env: until,
      good: { ...asTheyAre('https://old.example/jwks', 'http://localhost/jwks'), [JWKS]: true },
      wrong: [
        ...['./no such file', directory, 'https://[', written('text', 'x'), written('none', keys())],
        written('private', keys(privateKey.export({ format: 'jwk' }))),
        written('secret', keys({ kty: 'oct', k: 'AAAA' })),
      ],
    },
  },
  ADOPT_UNTIL: {
    pick: ({ settings }) => settings.adoption?.until,
    unset: undefined,
    good: {},
    wrong: ['2027-01-31'],
    beside: {
      env: { ADOPT_SECRET: strong },
      good: { '2027-01-31': Date.UTC(2027, 1, 1), '2020-02-29': Date.UTC(2020, 2, 1) },
      wrong: ['', '2027-02-30', '2027-1-1', 'tomorrow', '2027-01-31T00:00:00Z', '31.01.2027'],
    },
  },
  ADOPT_ALGORITHMS: {
    pick: ({ settings }) => settings.adoption?.algorithms,
    unset: undefined,
    good: {},
    wrong: ['HS256'],
    beside: {
      env,
      good: { 'HS256, HS512': ['HS256', 'HS512'], '': ['HS256'] },
      wrong: ['none', 'RS256', 'HS256,RS256', 'hs256', 'HS256,'],
    },
  },
  ADOPT_ISSUER: plain(({ settings }) => settings.adoption?.issuer),
  ADOPT_AUDIENCE: plain(({ settings }) => settings.adoption?.audience),
  ADOPT_USER_CLAIM: plain(({ settings }) => settings.adoption?.userClaim, 'sub'),
  ADOPT_USER_BY: {
    pick: ({ settings }) => settings.adoption?.userBy,
    unset: undefined,
    good: {},
    wrong: ['id'],
    beside: { env, good: { ...asTheyAre('id', 'username'), '': 'id' }, wrong: ['name'] },
  },
  ADOPT_REFRESH_TOKENS: rule('refresh', { claim: 'type', value: 'refresh' }),
  ADOPT_ACCESS_TOKENS: rule('access', 'off'),
  ADOPT_COOKIE_NAME: {
    pick: ({ settings }) => settings.adoption?.cookieName,
    unset: undefined,
    good: {},
    wrong: ['refresh_token_cookie'],
    beside: { env, good: asTheyAre('refresh_token_cookie'), wrong: ['a b', 'a=b'] },
  },
}
