/** The bounds of lists: `maxItems`, and the bounds and defaults of `limit`, are those that the service has. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { insertEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { contract, documented, operations } from '../support/check-response.ts'
import { test } from '../support/database.ts'
import { ADMIN_TOKEN } from '../support/service.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'

interface Schema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly maxItems?: number
  readonly default?: number
  readonly minimum?: number
  readonly maximum?: number
}
interface Parameter {
  readonly name: string
  readonly schema: Schema
}

const resolve = (schema: Schema = {}): Schema =>
  schema.$ref === undefined
    ? schema
    : (contract.components.schemas[schema.$ref.split('/').at(-1) ?? ''] as Schema)

/** The lists in a schema, by their members' names */
function lists(schema: Schema): [name: string, list: Schema][] {
  return Object.entries(resolve(schema).properties ?? {}).flatMap(([name, member]) =>
    resolve(member).items === undefined ? lists(member) : [[name, resolve(member)] as [string, Schema]],
  )
}

const found = operations.flatMap(({ path, operation }) => {
  const { parameters = [] } = operation as { readonly parameters?: readonly Parameter[] }
  const limit = parameters.find(({ name }) => name === 'limit')?.schema
  const content = documented(operation, 200)?.content?.['application/json']
  const list = lists((content?.schema ?? {}) as Schema)[0]
  return limit === undefined && list === undefined ? [] : [{ path, limit, list }]
})

/** More rows of everything than fit on a page */
async function fill({ service, user }: World): Promise<void> {
  const { db } = service.core
  const [owner] = await db.selectFrom('users').selectAll().execute()
  const [session] = await db.selectFrom('sessions').selectAll().execute()
  assert.ok(owner !== undefined && session !== undefined)
  const many = Array.from({ length: 201 }, (_, index) => `user-${index}`)
  const users = many.map((username) => ({ ...owner, id: randomUUID(), username, username_key: username }))
  await db.insertInto('users').values(users).execute()
  const sessions = many.slice(0, 101).map(() => ({ ...session, id: randomUUID() }))
  await db.insertInto('sessions').values(sessions).execute()
  const events = many.map(() => ({ name: 'user.registered', userId: user.id }) as const)
  await insertEvents(db, events, service.clock.now, OPERATOR)
}

test('every list has pages, and as many items as documented', async (t) => {
  const world = await startWorld(t)
  await fill(world)
  assert.ok(found.length >= 5)
  for (const { path, limit, list } of found) {
    assert.ok(limit !== undefined && list !== undefined, `${path} has a list without pages, or none`)
    const [name, { maxItems }] = list
    const bearer = path.startsWith('/admin') ? ADMIN_TOKEN : world.accessToken
    const ask = async (query: string) => {
      const url = path.replace('{id}', world.user.id) + query
      const { status, body } = await world.service.request(url, { bearer })
      return status === 200 ? body.data[name].length : status
    }
    const { minimum = 0, maximum = 0 } = limit
    assert.deepEqual(
      [await ask(''), await ask(`?limit=${maximum}`), await ask(`?limit=${minimum}`)],
      [limit.default, maxItems, minimum],
      path,
    )
    const beyond = [await ask(`?limit=${maximum + 1}`), await ask(`?limit=${minimum - 1}`)]
    assert.deepEqual(beyond, [400, 400], path)
  }
})

/** By path of the schema: every keyword of this name in the contract */
function keywords(value: unknown, keyword: string, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === keyword ? [path] : []),
    ...keywords(member, keyword, `${path}/${key}`),
  ])
}

test('no other list has a bound, and nothing else a default, except the errors of a request', async (t) => {
  assert.deepEqual(
    keywords(contract, 'default').filter((path) => !/\/parameters\/\d+\/schema$/.test(path)),
    [],
  )
  const bounded = keywords(contract.components, 'maxItems').map((path) => path.split('/')[2])
  assert.equal(bounded.length, found.length + 1)
  const { errors } = (contract.components.schemas['InvalidRequest'] as Schema).properties ?? {}
  const { service } = await startWorld(t)
  const json = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x${index}`, 0]))
  const { body } = await service.request('/api/auth/login', { json })
  assert.equal(body.errors.length, errors?.maxItems)
})
