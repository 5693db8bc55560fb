/** Management of users by an operator: created, listed page by page, deactivated, activated, deleted. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test as testOnce } from 'node:test'
import { test } from '../support/database.ts'
import type { Request, Service } from '../support/service.ts'
import { ADMIN_TOKEN, MINUTE, PASSWORD, startService } from '../support/service.ts'

const admin =
  (service: Service) =>
  (rest = '', request: Request = {}) =>
    service.request(`/admin/users${rest}`, { bearer: ADMIN_TOKEN, ...request })

const POST = { method: 'POST' }

const logIn = (service: Service, username: string, password = PASSWORD) =>
  service.tryLogin(password, username)

testOnce('created with a password they log in, though registration is closed', async (t) => {
  const service = await startService(t, { registration: 'closed' })
  const ask = admin(service)
  const created = await ask('', { json: { username: 'Ada', password: PASSWORD } })
  const { id, ...rest } = created.body.data
  const created_at = new Date(service.clock.now).toISOString()
  assert.deepEqual(rest, {
    ...{ username: 'Ada', created_at, last_login_at: null, deactivated_at: null },
    claims: {},
  })
  service.clock.now += MINUTE
  assert.equal((await logIn(service, 'ada')).status, 200)
  const last_login_at = new Date(service.clock.now).toISOString()
  assert.deepEqual((await ask(`/${id}`)).body.data, { id, ...rest, last_login_at })
  assert.equal((await ask('', { json: { username: 'ADA' } })).status, 409)
})

testOnce('without a password no password will do, and it takes as long to say so', async (t) => {
  const service = await startService(t)
  const ask = admin(service)
  const { id } = (await ask('', { json: { username: 'ada' } })).body.data
  const { dummyHash: nobody } = service.core.passwords
  for (const password of [PASSWORD, 'undefined', nobody, '\0', 'A'.repeat(43)]) {
    const answer = await logIn(service, 'ada', password)
    assert.deepEqual([answer.status, answer.body.message], [401, 'Invalid credentials.'])
  }
  const { body } = await ask(`/${id}/sessions`, { json: {} })
  const json = { current_password: 'undefined', new_password: 'another one entirely' }
  const change = await service.request('/api/auth/password', { bearer: body.data.access_token, json })
  assert.equal(change.body.message, 'Current password is wrong.')
  // With the same parameters in the hash, Argon2 does the same work.
  const hash = await service.core.passwords.hash(PASSWORD)
  const parameters = (text: string) => [text.split('$').slice(1, 4), text.length]
  assert.deepEqual(parameters(nobody), parameters(hash))
})

/** Reads all pages, with an action between them. */
async function pages(service: Service, query: string, between = async (_page: number) => {}) {
  const ask = admin(service)
  const all: string[][] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const { body } = await ask(`?${query}${cursor === undefined ? '' : `&cursor=${cursor}`}`)
    all.push(body.data.users.map((user: { username: string }) => user.username))
    cursor = body.data.next_cursor
    await between(all.length)
  }
  return all
}

test('page by page, in the order of registration, whoever comes and goes meanwhile', async (t) => {
  const service = await startService(t)
  const ask = admin(service)
  const ids = new Map<string, string>()
  const add = async (username: string) => {
    service.clock.now += MINUTE
    ids.set(username, (await ask('', { json: { username } })).body.data.id)
  }
  for (const username of ['g', 'f', 'e', 'd', 'c', 'b']) await add(username)
  assert.deepEqual(await pages(service, 'limit=4'), [
    ['g', 'f', 'e', 'd'],
    ['c', 'b'],
  ])
  // A full last page is followed by no other.
  assert.deepEqual(await pages(service, 'limit=3'), [
    ['g', 'f', 'e'],
    ['d', 'c', 'b'],
  ])
  assert.equal((await pages(service, 'limit=200')).length, 1)
  const meanwhile = await pages(service, 'limit=2', async (page) => {
    if (page !== 1) return
    // The user that the cursor names, one that was shown, one that was not, and a new one.
    for (const username of ['f', 'g', 'e']) await ask(`/${ids.get(username)}`, { method: 'DELETE' })
    await add('a')
  })
  assert.deepEqual(meanwhile, [
    ['g', 'f'],
    ['d', 'c'],
    ['b', 'a'],
  ])
  assert.deepEqual(await pages(service, 'username=B'), [['b']])
  assert.deepEqual(await pages(service, 'username=g&limit=1'), [[]])
})

testOnce('what does not fit into a query is told by its name', async (t) => {
  const service = await startService(t)
  const ask = admin(service)
  const id = Buffer.from(randomUUID()).toString('base64url')
  const wrong = {
    limit: [
      '',
      '0',
      '-1',
      '201',
      '1.5',
      '1e2',
      '0x10',
      '010',
      ' 5',
      '5%20',
      'all',
      '5&limit=5',
      '9'.repeat(400),
    ],
    cursor: ['', 'null', randomUUID(), id, 'x'.repeat(22), `${'A'.repeat(21)}=`, "'--", '%00', '%ff'],
    username: ['', 'a%20%20b', 'a%20', '%00', 'x'.repeat(129), 'a&username=a'],
  }
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      const { status, body } = await ask(`?${name}=${value}`)
      assert.equal(status, 400, `${name}=${value}`)
      assert.deepEqual([...new Set(body.errors.map(({ path }: { path: string }) => path))], [name])
    }
  }
  assert.equal((await ask('?limti=5')).status, 400)
  assert.equal((await ask(`?cursor=${'_'.repeat(21)}w`)).body.data.next_cursor, null)
})

test('deactivated, twice: all sessions end at once, and stay ended when they are active again', async (t) => {
  const service = await startService(t)
  const ask = admin(service)
  const { id } = await service.register()
  const [one, two] = [await service.login(), await service.login()]
  const began = service.clock.now
  const ended = []
  for (const _ of [1, 2]) {
    ended.push((await ask(`/${id}/deactivate`, POST)).body.data.sessions_ended)
    service.clock.now += MINUTE
  }
  assert.deepEqual(ended, [2, 0])
  assert.equal((await ask(`/${id}`)).body.data.deactivated_at, new Date(began).toISOString())
  assert.equal((await logIn(service, 'ada')).status, 403)
  assert.equal((await service.refresh(one.refreshToken)).status, 403)
  for (const _ of [1, 2]) assert.equal((await ask(`/${id}/activate`, POST)).status, 200)
  assert.equal((await ask(`/${id}`)).body.data.deactivated_at, null)
  assert.equal((await service.refresh(one.refreshToken)).status, 401)
  assert.equal((await service.exchange(two.accessToken)).status, 401)
  await service.login()
})

test('deleted, twice: the second finds nobody; the name is free, the tokens are nobody’s', async (t) => {
  const service = await startService(t)
  const ask = admin(service)
  const { id } = await service.register()
  const { refreshToken } = await service.login()
  const answers = await Promise.all([1, 2].map(() => ask(`/${id}`, { method: 'DELETE' })))
  assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 404])
  for (const [method, rest] of [
    ['GET', ''],
    ['POST', '/activate'],
    ['POST', '/deactivate'],
    ['GET', '/sessions'],
    ['DELETE', '/sessions'],
  ]) {
    assert.equal((await ask(`/${id}${rest}`, { method: String(method) })).status, 404)
  }
  assert.equal((await service.refresh(refreshToken)).status, 404)
  assert.notEqual((await service.register()).id, id)
})
