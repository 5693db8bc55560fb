import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { migrate } from '../../src/store/migrate.ts'
import { openStore } from '../../src/store/open.ts'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { insertUser } from '../../src/store/queries/insert-user.ts'
import { usersByName } from '../../src/store/queries/users.ts'
import type { Database } from '../../src/store/schema.ts'
import { foldCase } from '../../src/users/fold-case.ts'
import { done, failed } from '../support/program.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** What {@link seedUser} stores for a hash: no password fits it. */
export const PASSWORD_HASH = 'none'

/** What a command needs to find its database. */
export interface Place {
  readonly DATABASE_URL: string
}

/** A database of the test's own, not made yet, that goes when the test ends. */
export function freshDatabase(t: TestContext): Place {
  const directory = temporaryDirectory('cli')
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return { DATABASE_URL: `sqlite:${join(directory, 'x.db')}` }
}

/** The same, with the tables in it. */
export async function madeDatabase(t: TestContext): Promise<Place> {
  const place = freshDatabase(t)
  await inDatabase(place, async () => {})
  return place
}

/** What a command prints that did its work in a database, or failed in it. */
export const doneIn = (place: Place, line: string) => done(`${fileOf(place)}: ${line}`)
export const failedIn = (place: Place, message: string, code?: number) =>
  failed(`${fileOf(place)}: ${message}`, code)

/** Path of the database's file. */
export const fileOf = (place: Place) => place.DATABASE_URL.slice('sqlite:'.length)

/** Works on the database from within the test, which is faster than by commands. */
export async function inDatabase<T>(place: Place, work: (db: Database) => Promise<T>): Promise<T> {
  const store = await openStore({ dialect: 'sqlite', file: fileOf(place) })
  try {
    await migrate(store.db)
    return await work(store.db)
  } finally {
    await store.close()
  }
}

/** All users, in the order of their names */
export async function listUsers(db: Database) {
  const all = []
  for await (const page of usersByName(db)) all.push(...page)
  return all
}

/** A user who cannot log in. The id is made of the name unless given. */
export async function seedUser(db: Database, username: string, id = `id-of-${username}`): Promise<string> {
  const user = { id, username, usernameKey: foldCase(username), passwordHash: PASSWORD_HASH, now: 0 }
  if (typeof (await insertUser(db, user, OPERATOR)) === 'string')
    throw new Error(`${username} is there already`)
  return id
}
