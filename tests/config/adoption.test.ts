/** ADOPT_… together, and what is said of them at the start. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adoptionNotice } from '../../src/config/adoption.ts'
import { settingsInForce } from '../../src/config/in-force.ts'
import { readServiceSettings, SettingsError } from '../../src/config/settings.ts'
import { fresh } from './fresh.ts'
import { strong } from './rows.ts'

const SECRET = 'k3J9vXq2Lm8Rt5Wz0Yb7Nc4Hd1Fg6PsEoUiTaQxV'
const env = { ...fresh().env, JWT_SECRET_KEY: strong, ADOPT_SECRET: SECRET, ADOPT_UNTIL: '2027-01-31' }

const mistakesOf = (more: object) => {
  try {
    readServiceSettings({ ...env, ...more })
    return []
  } catch (error) {
    assert(error instanceof SettingsError)
    return error.mistakes
  }
}

test('what contradicts itself stops the start', () => {
  const both = mistakesOf({ ADOPT_JWKS: 'https://old.example/jwks' })
  assert.match(both.join('\n'), /^ADOPT_SECRET is set, and ADOPT_JWKS as well: unset one of them$/)
  assert.match(
    mistakesOf({ ADOPT_REFRESH_TOKENS: 'any', ADOPT_ACCESS_TOKENS: 'any' }).join('\n'),
    /^ADOPT_ACCESS_TOKENS must not be any/,
  )
  assert.match(mistakesOf({ ADOPT_REFRESH_TOKENS: 'off' }).join('\n'), /nothing is adopted$/)
  const keys = { ADOPT_SECRET: '', ADOPT_JWKS: 'http://old.example/jwks', NODE_ENV: 'production' }
  assert.match(mistakesOf(keys).join('\n'), /^ADOPT_JWKS must be https in production/)
  assert.match(
    mistakesOf({ ...keys, NODE_ENV: '', ADOPT_ALGORITHMS: 'HS256' }).join('\n'),
    /^ADOPT_ALGORITHMS has HS256, which is no algorithm of ADOPT_JWKS/,
  )
  assert.equal(mistakesOf({ ADOPT_UNTIL: '', ADOPT_ALGORITHMS: 'RS256' }).length, 2)
})

test('a weak secret of the other system is allowed and warned of; a good one is not, also if it is ours', () => {
  assert.deepEqual(readServiceSettings(env).warnings, [])
  const { warnings, secrets } = readServiceSettings({ ...env, ADOPT_SECRET: 'super-secret' })
  assert.equal(warnings.length, 1)
  assert.match(warnings.join(), /^ADOPT_SECRET is shorter than 32 bytes: it only verifies, but .* any user$/)
  assert.equal(warnings.join().includes('super-secret'), false)
  assert.deepEqual(secrets.adoption, { secret: new TextEncoder().encode('super-secret'), isShared: false })
  const shared = readServiceSettings({ ...env, ADOPT_SECRET: strong }).secrets.adoption
  assert.deepEqual(shared, { secret: new TextEncoder().encode(strong), isShared: true })
  const previous = { ...env, JWT_SECRET_KEY_PREVIOUS: SECRET }
  assert.deepEqual(readServiceSettings(previous).secrets.adoption, {
    secret: new TextEncoder().encode(SECRET),
    isShared: true,
  })
})

test('the start says until when, and that it is over', () => {
  const { settings } = readServiceSettings(env)
  const last = Date.UTC(2027, 0, 31, 23, 59, 59)
  assert.deepEqual(adoptionNotice(settings, last), {
    isOver: false,
    text: 'tokens of the other system are adopted until 2027-01-31',
  })
  assert.equal(adoptionNotice(settings, last + 1000)?.isOver, true)
  assert.equal(adoptionNotice({ adoption: undefined }, last), undefined)
})

test('the secret is not shown', () => {
  const shown = settingsInForce(env)
  assert.equal(shown.find(({ name }) => name === 'ADOPT_SECRET')?.value, '***')
  assert.equal(shown.find(({ name }) => name === 'ADOPT_UNTIL')?.value, '2027-01-31')
})
