/** `NAME_FILE` for every secret and DATABASE_URL. */
import assert from 'node:assert/strict'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { readServiceSettings, readSettings, SettingsError } from '../../src/config/settings.ts'
import { fresh } from './fresh.ts'
import { other, rows, strong } from './rows.ts'

const NAMES = [
  'JWT_SECRET_KEY',
  'JWT_SECRET_KEY_PREVIOUS',
  'ADMIN_TOKEN',
  'EVENTS_WEBHOOK_SECRET',
  'DATABASE_URL',
]

function place() {
  const { directory, env } = fresh()
  mkdirSync(directory, { recursive: true })
  const write = (name: string, text: string) => {
    const file = join(directory, name)
    writeFileSync(file, text)
    return file
  }
  return { directory, env, write }
}

function mistakes(env: Record<string, string>): readonly string[] {
  try {
    readServiceSettings(env)
  } catch (error) {
    assert(error instanceof SettingsError)
    return error.mistakes
  }
  return assert.fail('no mistake')
}

test('each is read from the file, without the line end that editors and echo append', () => {
  for (const [name, value] of [
    ['JWT_SECRET_KEY', strong],
    ['JWT_SECRET_KEY_PREVIOUS', `${other}, ${strong}`],
    ['ADMIN_TOKEN', other],
    ['EVENTS_WEBHOOK_SECRET', other],
    ['DATABASE_URL', fresh().env.DATABASE_URL],
  ] as const) {
    const { env, write } = place()
    const base: Record<string, string> = {
      ...env,
      EVENTS_WEBHOOK_URL: 'https://example.com/',
      EVENTS_WEBHOOK_SECRET: `${other}2`,
    }
    delete base[name]
    for (const end of ['', '\n', '\r\n']) {
      const read = readServiceSettings({
        ...base,
        [`${name}_FILE`]: write(`${name}${end.length}`, value + end),
      })
      assert.deepEqual(
        rows[name]?.pick(read),
        rows[name]?.pick(readServiceSettings({ ...base, [name]: value })),
        name,
      )
    }
  }
})

test('the commands read DATABASE_URL_FILE as well, and need no file of a secret', () => {
  const { env, write } = place()
  const DATABASE_URL_FILE = write('url', `${env.DATABASE_URL}\n`)
  const JWT_SECRET_KEY_FILE = '/not/there'
  assert.deepEqual(readSettings({ DATABASE_URL_FILE, JWT_SECRET_KEY_FILE }), readSettings(env))
})

test('a file that cannot be read is one mistake, without its content, and nothing is created instead', () => {
  for (const name of NAMES) {
    for (const production of [true, false]) {
      const { directory, write } = place()
      const database = join(directory, 'data', 'x.db')
      const env: Record<string, string> = {
        DATABASE_URL: `sqlite:${database}`,
        ...(production && { NODE_ENV: 'production', JWT_SECRET_KEY: strong }),
        ...(name === 'EVENTS_WEBHOOK_SECRET' && { EVENTS_WEBHOOK_URL: 'https://example.com/' }),
      }
      const [file, both] = [`${name}_FILE`, { ...env, [name]: other }]
      delete env[name]
      for (const [more, expected] of [
        [
          { ...env, [file]: '/not/there' },
          new RegExp(`^${file} names a file that cannot be read \\(ENOENT\\)$`),
        ],
        [{ ...env, [file]: './not/there' }, /\(ENOENT\); its path is relative to \//],
        [{ ...env, [file]: directory }, /\(EISDIR\)$/],
        [{ ...env, [file]: write('empty', '\n') }, new RegExp(`^${file} names an empty file$`)],
        [{ ...both, [file]: write('both', strong) }, new RegExp(`^${file} is set, and ${name} as well: `)],
      ] as const) {
        const [line = '', ...others] = mistakes(more)
        assert.match(line, expected)
        assert.deepEqual(others, [], name)
      }
      assert(!existsSync(dirname(database)))
    }
  }
})

test('other mistakes are reported beside it', () => {
  const lines = mistakes({
    ...fresh().env,
    JWT_SECRET_KEY_FILE: '/not/there',
    PORT: 'x',
    ADMIN_TOKEN: 'short',
  })
  assert.deepEqual(
    lines.map((line) => line.split(' ')[0]),
    ['JWT_SECRET_KEY_FILE', 'PORT', 'ADMIN_TOKEN'],
  )
})
