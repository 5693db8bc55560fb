/** Two programs on one SQLite file, each with its own connections and locks: what the documentation promises. */
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { freshDatabase } from '../support/database.ts'
import type { Answer, Tokens } from '../support/service.ts'
import { client, PASSWORD } from '../support/service.ts'
import { spawnService } from '../support/service-process.ts'
import { STRONG_SECRET, UNLIMITED } from '../support/values.ts'

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

const statuses = (answers: readonly Answer[]) => [...new Set(answers.map(({ status }) => status))]

async function startBoth(t: TestContext) {
  const database = await freshDatabase(t, 'sqlite')
  if (database.dialect !== 'sqlite') throw new TypeError('not SQLite')
  const env = { ...UNLIMITED, DATABASE_URL: `sqlite:${database.file}`, JWT_SECRET_KEY: STRONG_SECRET }
  // Both migrate a new file at once.
  const [first, second] = await Promise.all([spawnService(t, env), spawnService(t, env)])
  const both = [client(first.url), client(second.url)] as const
  const at = (index: number) => both[index % 2 === 0 ? 0 : 1]
  await both[0].register()
  return { at, processes: [first, second] as const }
}

test('parallel refreshes of one token at both: all 200, one successor', { timeout: 120_000 }, async (t) => {
  const { at } = await startBoth(t)
  let { refreshToken } = await at(1).login()
  for (let round = 0; round < 10; round++) {
    const answers = await Promise.all(times(40, (index) => at(index).refresh(refreshToken)))
    assert.deepEqual(statuses(answers), [200])
    const successors = new Set(answers.map(({ body }) => body.data.refresh_token as string))
    assert.equal(successors.size, 1)
    refreshToken = [...successors].join()
  }
})

test('parallel exchanges of one token at both: all 200, one successor', { timeout: 180_000 }, async (t) => {
  const { at } = await startBoth(t)
  const { accessToken } = await at(0).login()
  const answers = await Promise.all(times(40, (index) => at(index).exchange(accessToken)))
  assert.deepEqual(statuses(answers), [200])
  assert.equal(new Set(answers.map(({ body }) => body.access_token as string)).size, 1)
})

test('six sessions refresh at both at once, in turn: nobody is refused', { timeout: 120_000 }, async (t) => {
  const { at } = await startBoth(t)
  const sessions = await Promise.all(times(6, (index) => at(index).login()))
  async function use({ refreshToken }: Tokens, from: number): Promise<number[]> {
    const seen = []
    for (let round = 0, token = refreshToken; round < 40; round++) {
      const { status, body } = await at(from + round).refresh(token)
      seen.push(status)
      token = body.data?.refresh_token ?? token
    }
    return seen
  }
  const seen = await Promise.all(sessions.map(use))
  assert.deepEqual([...new Set(seen.flat())], [200])
})

test('reuse, revocation and a new password at one hold at the other', { timeout: 180_000 }, async (t) => {
  const { at } = await startBoth(t)
  const [one, two, three] = [await at(0).login(), await at(1).login(), await at(0).login()]
  await at(0).request('/api/auth/logout', { method: 'POST', bearer: one.refreshToken })
  assert.equal((await at(1).refresh(one.refreshToken)).status, 401)
  assert.equal((await at(1).request('/api/auth/me', { bearer: one.accessToken })).status, 401)

  const next = (await at(0).refresh(two.refreshToken)).body.data.refresh_token
  const last = (await at(1).refresh(next)).body.data.refresh_token
  // The predecessor of the predecessor
  assert.equal((await at(0).refresh(two.refreshToken)).status, 401)
  assert.equal((await at(1).refresh(last)).status, 401)

  const json = { current_password: PASSWORD, new_password: 'another one entirely' }
  assert.equal((await at(1).request('/api/auth/password', { bearer: three.accessToken, json })).status, 200)
  assert.equal((await at(0).tryLogin()).status, 401)
})

test('one is killed in the middle of its writes: the other goes on with the same tokens', {
  timeout: 180_000,
}, async (t) => {
  const { at, processes } = await startBoth(t)
  let { refreshToken } = await at(0).login()
  const others: { readonly refreshToken: string }[] = []
  // One after the other: on a busy machine, eight passwords at once are too many.
  for (let count = 0; count < 8; count++) others.push(await at(0).login())
  const busy = others.map((tokens) =>
    at(0)
      .refresh(tokens.refreshToken)
      .catch(() => undefined),
  )
  await processes[0].stop('SIGKILL')
  await Promise.all(busy)
  for (let round = 0; round < 5; round++) {
    const { status, body } = await at(1).refresh(refreshToken)
    assert.equal(status, 200)
    refreshToken = body.data.refresh_token
  }
  // Whether the answer was lost or not, the token is good.
  const answers = await Promise.all(others.map((tokens) => at(1).refresh(tokens.refreshToken)))
  assert.deepEqual(statuses(answers), [200])
})
