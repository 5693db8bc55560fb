import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readServiceSettings } from '../../src/config/settings.ts'
import { fresh, modeOf, textOf, windows } from './fresh.ts'
import { strong } from './rows.ts'

function mistake(env: Record<string, string>): string {
  let message = ''
  assert.throws(
    () => readServiceSettings(env),
    (error: Error) => {
      message = error.message
      return true
    },
  )
  return message
}

test('a development secret is made once, kept for its owner only, and read again', () => {
  const { directory, file, env } = fresh()
  const { secrets: first, warnings } = readServiceSettings(env)
  assert.equal(first.file, file)
  assert.match(textOf(first.current), /^[\w-]{43}$/)
  assert.equal(readFileSync(file, 'utf8'), `${textOf(first.current)}\n`)
  assert.deepEqual(warnings, [])
  assert.deepEqual(readdirSync(directory), ['rekindle.db.secret'], 'no draft is left')
  if (!windows) assert.deepEqual([modeOf(file), modeOf(directory)], ['600', '700'])

  const inode = statSync(file).ino
  assert.deepEqual(readServiceSettings(env).secrets, first)
  assert.equal(statSync(file).ino, inode)
  assert.notDeepEqual(readServiceSettings(fresh().env).secrets.current, first.current)
})

test('JWT_SECRET_KEY goes before the file, and none is made then', () => {
  const { directory, env } = fresh()
  const { secrets } = readServiceSettings({ ...env, JWT_SECRET_KEY: strong })
  assert.deepEqual([textOf(secrets.current), secrets.file], [strong, undefined])
  assert(!existsSync(directory))
})

test('a start that fails leaves nothing behind', () => {
  const { directory, env } = fresh()
  assert.match(mistake({ ...env, PORT: 'x' }), /^PORT [^\n]+$/)
  assert.match(mistake({ ...env, JWT_SECRET_KEY_PREVIOUS: ',' }), /^JWT_SECRET_KEY_PREVIOUS [^\n]+$/)
  assert.match(mistake({ ...env, ADMIN_TOKEN: `${strong} b` }), /^ADMIN_TOKEN [^\n]+$/)
  const one = { ADMIN_TOKEN: strong, EVENTS_WEBHOOK_SECRET: strong }
  assert.match(mistake({ ...env, ...one }), /^EVENTS_WEBHOOK_SECRET must differ [^\n]+$/)
  assert.match(
    mistake({ ...env, NODE_ENV: 'production' }),
    /^JWT_SECRET_KEY is required in production: [^\n]+$/,
  )
  assert(!existsSync(directory))
})

test('no secret is that of somebody else', () => {
  const [one = '', two = '', three = ''] = ['1', '2', '3'].map((name) =>
    createHash('sha256').update(name).digest('base64'),
  )
  const env = { ...fresh().env, JWT_SECRET_KEY: one, JWT_SECRET_KEY_PREVIOUS: two, ADMIN_TOKEN: three }
  const EVENTS_WEBHOOK_URL = 'https://hooks.example/'
  readServiceSettings({ ...env, EVENTS_WEBHOOK_URL, EVENTS_WEBHOOK_SECRET: `${one.slice(1)}${two}` })
  for (const key of [one, two])
    assert.match(mistake({ ...env, ADMIN_TOKEN: key }), /^ADMIN_TOKEN must differ [^\n]+$/)
  for (const key of [one, two, three]) {
    for (const EVENTS_WEBHOOK_SECRET of [key, `whsec_${key}`])
      assert.match(
        mistake({ ...env, EVENTS_WEBHOOK_URL, EVENTS_WEBHOOK_SECRET }),
        /^EVENTS_WEBHOOK_SECRET must differ [^\n]+$/,
      )
  }
})

test('with PostgreSQL there is no place to keep one, whatever else is wrong', () => {
  const lines = mistake({ DATABASE_URL: 'postgres://u:hunter2@h/d', PORT: 'x' }).split('\n')
  assert.equal(lines.length, 2)
  assert.match(lines[1] ?? '', /^JWT_SECRET_KEY is required when DATABASE_URL is PostgreSQL: /)
})

test('a broken or short kept secret is a mistake, and stays as it is', () => {
  for (const broken of [
    '',
    '\n',
    'short\n',
    `${strong} ${strong}\n`,
    `${strong}\n${strong}\n`,
    `${strong}\0\n`,
  ]) {
    const { file, env } = fresh()
    readServiceSettings(env)
    writeFileSync(file, broken)
    const message = mistake(env)
    assert.match(message, /^JWT_SECRET_KEY is not set, and [^\n]+ holds no secret of at least 32 [^\n]+$/)
    assert(message.includes(file) && !message.includes(strong))
    assert.equal(readFileSync(file, 'utf8'), broken)
  }
})

test('what is wrong with a kept secret is told beside other mistakes, and none is made there', () => {
  const { directory, file, env } = fresh()
  const wrong = { ...env, PORT: 'x', ADMIN_TOKEN: strong }
  assert.match(mistake(wrong), /^PORT [^\n]+$/)
  assert(!existsSync(directory))

  readServiceSettings(env)
  for (const [kept, expected] of [
    ['short', /^PORT [^\n]+\nJWT_SECRET_KEY is not set, and [^\n]+ holds no secret [^\n]+$/],
    ['change-me-please-change-me-now-ok', /^PORT [^\n]+\nThe secret kept in [^\n]+ is made of [^\n]+$/],
    [strong, /^PORT [^\n]+\nADMIN_TOKEN must differ [^\n]+$/],
  ] as const) {
    writeFileSync(file, kept)
    assert.match(mistake(wrong), expected)
  }

  const inFile = join(dirname(dirname(directory)), 'another-file')
  writeFileSync(inFile, '')
  assert.match(
    mistake({ DATABASE_URL: `sqlite:${inFile}/x/rekindle.db`, PORT: 'x' }),
    /^PORT [^\n]+\nJWT_SECRET_KEY is not set, and no secret can be kept in [^\n]+\((ENOTDIR|ENOENT)\)/,
  )
})

test('a kept secret may be written by hand; a guessable one is a mistake, a readable one gives a warning', () => {
  const { file, env } = fresh()
  readServiceSettings(env)
  writeFileSync(file, `${strong}\r\n`)
  if (!windows) chmodSync(file, 0o644)
  const { secrets, warnings } = readServiceSettings(env)
  assert.equal(textOf(secrets.current), strong)
  if (!windows) assert.match(warnings.join('\n'), /^[^\n]+ can be read by other users: [^\n]+$/)

  const guessable = 'change-me-please-change-me-now-ok'
  writeFileSync(file, guessable)
  const message = mistake(env)
  assert.match(message, /^The secret kept in [^\n]+ is made of the words [^\n]+; delete the file [^\n]+$/)
  assert(!message.includes(guessable))
})

test('where nothing can be written, the mistake says where and why', () => {
  const { directory } = fresh()
  const inFile = join(dirname(dirname(directory)), 'a-file')
  writeFileSync(inFile, '')
  const message = mistake({ DATABASE_URL: `sqlite:${inFile}/x/rekindle.db` })
  assert.match(
    message,
    /^JWT_SECRET_KEY is not set, and no secret can be kept in [^\n]+\((ENOTDIR|EEXIST|ENOENT)\)/,
  )
})

test('guessable secrets are mistakes, in production and elsewhere', () => {
  const secret = 'super-secret-jwt-token-with-at-least-32-characters-long'
  const { directory, env } = fresh()
  for (const NODE_ENV of ['production', 'development', 'test', '']) {
    const given = { ...env, NODE_ENV, JWT_SECRET_KEY: secret, JWT_SECRET_KEY_PREVIOUS: `${strong},short` }
    const lines = mistake(given).split('\n')
    assert.equal(lines.length, 2)
    assert.match(lines[0] ?? '', /^JWT_SECRET_KEY is published/)
    assert.match(lines[1] ?? '', /^JWT_SECRET_KEY_PREVIOUS entry 2 is shorter than 32 bytes/)
  }
  // No new one is created beside them either.
  assert.match(mistake({ ...env, JWT_SECRET_KEY_PREVIOUS: 'short' }), /^JWT_SECRET_KEY_PREVIOUS entry 1 is /)
  assert.match(mistake({ ...env, ADMIN_TOKEN: 'short' }), /^ADMIN_TOKEN is shorter than 32 bytes/)
  assert(!existsSync(directory))
})
