/** The bounds of lists: `maxItems`, and the bounds and defaults of `limit`, are those that the service has. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { insertEvents, OPERATOR } from '../../src/store/queries/events.ts'
import { test } from '../support/database.ts'
import { ADMIN_TOKEN } from '../support/service.ts'
import type { World } from '../support/world.ts'
import { startWorld } from '../support/world.ts'
import type { Edits } from './edited.ts'
import { edited } from './edited.ts'

const text = readFileSync(new URL('../../generated/openapi.json', import.meta.url), 'utf8')

interface Schema {
  readonly $ref?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly maxItems?: number
  readonly default?: number
  readonly minimum?: number
  readonly maximum?: number
}
interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly schema: Schema }[]
  readonly responses: {
    readonly 200?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> }
  }
}
interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

/** What a contract says of a list: how many items without `limit`, at most, and at least */
interface Bounds {
  readonly path: string
  readonly name: string
  readonly byDefault: number | undefined
  readonly minimum: number
  readonly maximum: number
  readonly maxItems: number | undefined
}

function boundsOf({ paths, components }: Document): Bounds[] {
  const resolve = (schema: Schema = {}): Schema =>
    schema.$ref === undefined ? schema : (components.schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {})
  const lists = (schema: Schema | undefined): [name: string, list: Schema][] =>
    Object.entries(resolve(schema).properties ?? {}).flatMap(([name, member]) =>
      resolve(member).items === undefined ? lists(member) : [[name, resolve(member)] as [string, Schema]],
    )
  return Object.entries(paths).flatMap(([path, { get }]) => {
    // What RFCs define has no pages, and the feed's have the size that the service chooses.
    if (path.startsWith('/.well-known/') || path === '/revocations') return []
    const limit = get?.parameters?.find((parameter) => parameter.name === 'limit')?.schema
    const [list] = lists(get?.responses[200]?.content['application/json']?.schema)
    if (limit === undefined && list === undefined) return []
    assert.ok(limit !== undefined && list !== undefined, `${path} has a list without a limit, or none`)
    const [name, { maxItems }] = list
    const { default: byDefault, minimum = 0, maximum = Number.POSITIVE_INFINITY } = limit
    return [{ path, name, byDefault, minimum, maximum, maxItems }]
  })
}

/** More rows of everything than fit on a page */
async function fill({ service, user }: World): Promise<void> {
  const { db } = service.core
  const owner = await db.selectFrom('users').selectAll().executeTakeFirstOrThrow()
  const session = await db.selectFrom('sessions').selectAll().executeTakeFirstOrThrow()
  const many = Array.from({ length: 201 }, (_, index) => `user-${index}`)
  const users = many.map((username) => ({ ...owner, id: randomUUID(), username, username_key: username }))
  await db.insertInto('users').values(users).execute()
  const sessions = many.slice(0, 101).map(() => ({ ...session, id: randomUUID() }))
  await db.insertInto('sessions').values(sessions).execute()
  const events = many.map(() => ({ name: 'user.registered', userId: user.id }) as const)
  await insertEvents(db, events, service.clock.now, OPERATOR)
}

/** By path and query: the number of items, or the status of a refusal */
type Sizes = Map<string, number>

/** @returns each bound that is not that of the service */
function untrue(document: Document, sizes: Sizes): string[] {
  return boundsOf(document).flatMap(({ path, byDefault, minimum, maximum, maxItems }) => {
    const size = (limit: number) => sizes.get(`${path}?limit=${limit}`)
    const claims = [
      [`default ${byDefault}`, sizes.get(path) === byDefault],
      [`minimum ${minimum}`, size(minimum) === minimum && size(minimum - 1) === 400],
      [`maximum ${maximum}`, size(maximum) === maximum && size(maximum + 1) === 400],
      [`maxItems ${maxItems}`, size(maximum) === maxItems],
    ] as const
    return claims.filter(([, isTrue]) => !isTrue).map(([claim]) => `${path}: ${claim}`)
  })
}

const users = '/paths/~1admin~1users/get/parameters/0/schema'
const list = '/components/schemas/UserRecordsResult/properties/data/properties/users'

/** Lies about `GET /admin/users`, and what is said about them */
const LIES: Readonly<Record<string, Edits>> = {
  'maxItems 50': { [`${list}/maxItems`]: 50 },
  'maxItems 500': { [`${list}/maxItems`]: 500 },
  'maxItems undefined': { [`${list}/maxItems`]: undefined },
  'default 60': { [`${users}/default`]: 60 },
  'default undefined': { [`${users}/default`]: undefined },
  'minimum 0': { [`${users}/minimum`]: 0 },
  'maximum 199': { [`${users}/maximum`]: 199 },
}

test('every list has pages, and as many items as documented', async (t) => {
  const world = await startWorld(t)
  await fill(world)
  const sizes: Sizes = new Map()
  const bounds = boundsOf(JSON.parse(text))
  assert.ok(bounds.length >= 5)
  for (const { path, name, minimum, maximum } of bounds) {
    const bearer = path.startsWith('/admin') ? ADMIN_TOKEN : world.accessToken
    for (const limit of [undefined, minimum - 1, minimum, maximum - 1, maximum, maximum + 1]) {
      const query = limit === undefined ? '' : `?limit=${limit}`
      const { status, body } = await world.service.request(path.replace('{id}', world.user.id) + query, {
        bearer,
      })
      sizes.set(path + query, status === 200 ? body.data[name].length : status)
    }
  }
  assert.deepEqual(untrue(JSON.parse(text), sizes), [])
  for (const [lie, edits] of Object.entries(LIES)) {
    const said = untrue(JSON.parse(edited(text, edits)), sizes)
    assert.ok(said.includes(`/admin/users: ${lie}`), `not noticed: ${lie}`)
  }
})

/** The paths of all schemas that have a keyword */
function having(value: unknown, keyword: string, path = ''): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, member]) => [
    ...(key === keyword ? [path] : []),
    ...having(member, keyword, `${path}/${key}`),
  ])
}

// What browsers are told about a session has lists of a fixed length.
const BOUNDED =
  /^\/schemas\/(InvalidRequest\/properties\/errors|Revocations\/properties\/revocations|DeviceSession\/.+)$/

test('nothing else has a default or a bound of items, except the feed and the errors of a request', async (t) => {
  const document = JSON.parse(text) as Document
  assert.deepEqual(
    having(document, 'default').filter((path) => !/\/parameters\/\d+\/schema$/.test(path)),
    [],
  )
  const others = having(document.components, 'maxItems').filter((path) => !BOUNDED.test(path))
  assert.equal(others.length, boundsOf(document).length)
  const { errors } = document.components.schemas['InvalidRequest']?.properties ?? {}
  const { service } = await startWorld(t)
  const json = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`x${index}`, 0]))
  const { body } = await service.request('/api/auth/login', { json })
  assert.equal(body.errors.length, errors?.maxItems)
})
