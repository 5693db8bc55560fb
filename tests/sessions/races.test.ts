/** `docs/invariants.md`: the tokens form a line, a retry is safe, revocation wins. Over real HTTP, at the same time. */

import assert from 'node:assert/strict'
import { OPERATOR } from '../../src/store/queries/events.ts'
import { deactivateUser, deleteUser } from '../../src/store/queries/users.ts'
import { test } from '../support/database.ts'
import { effort } from '../support/effort.ts'
import type { Answer, Service } from '../support/service.ts'
import { PASSWORD, startService } from '../support/service.ts'

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

async function generationOf(service: Service): Promise<number> {
  const rows = await service.core.db.selectFrom('sessions').select('generation').execute()
  assert.equal(rows.length, 1, 'one row, whatever the number of refreshes')
  return rows[0]?.generation ?? -1
}

test('100 parallel refreshes of one token, many rounds: all 200, one successor', async (t) => {
  const rounds = { sqlite: effort(4, 50), postgres: effort(2, 15) }[t.dialect]
  const service = await startService(t)
  await service.register()
  let { refreshToken } = await service.login()
  for (let round = 1; round <= rounds; round++) {
    const answers = await Promise.all(times(100, () => service.refresh(refreshToken)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    const successors = new Set(answers.map(({ body }) => body.data.refresh_token as string))
    assert.equal(successors.size, 1, `round ${round}`)
    assert.equal(await generationOf(service), round)
    refreshToken = [...successors].join()
  }
})

test('100 parallel exchanges of one token: all 200, one successor', async (t) => {
  const rounds = effort(2, 10)
  const service = await startService(t)
  await service.register()
  let { accessToken } = await service.login()
  for (let round = 1; round <= rounds; round++) {
    const answers = await Promise.all(times(100, () => service.exchange(accessToken)))
    assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200])
    const successors = new Set(answers.map(({ body }) => body.access_token as string))
    assert.equal(successors.size, 1, `round ${round}`)
    accessToken = [...successors].join()
  }
  const { count } = await service.core.db
    .selectFrom('revoked_tokens')
    .select((eb) => eb.fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  assert.equal(count, rounds)
})

test('a refresh whose response was lost is sent again and gets the byte-identical successor', async (t) => {
  const service = await startService(t)
  await service.register()
  const { refreshToken } = await service.login()
  // The response is lost: the connection is cut as soon as the request was sent.
  const lost = new AbortController()
  const sent = fetch(`${service.url}/refresh_token`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${refreshToken}` },
    signal: lost.signal,
  }).catch(() => 'lost')
  while ((await generationOf(service)) === 0) await new Promise((resolve) => setImmediate(resolve))
  lost.abort()
  await sent

  service.clock.now += 29_000
  const retry = await service.refresh(refreshToken)
  const again = await service.refresh(refreshToken)
  assert.equal(retry.status, 200)
  assert.equal(retry.body.data.refresh_token, again.body.data.refresh_token)
  assert.equal(await generationOf(service), 1)
  assert.equal((await service.refresh(retry.body.data.refresh_token)).status, 200)
})

/** The operations that end sessions, as they occur in practice. */
const revocations: Record<
  string,
  (service: Service, accessToken: string, userId: string) => Promise<unknown>
> = {
  logout: (service, accessToken) =>
    service.request('/api/auth/logout', { method: 'POST', bearer: accessToken }),
  'logout of all': (service, accessToken) =>
    service.request('/api/auth/logout_all', { method: 'POST', bearer: accessToken }),
  deactivation: (service, _accessToken, userId) =>
    deactivateUser(service.core.db, userId, service.clock.now, OPERATOR),
  deletion: (service, _accessToken, userId) => deleteUser(service.core.db, userId, Date.now(), OPERATOR),
}

for (const [name, revoke] of Object.entries(revocations)) {
  test(`${name} among 40 refreshes and exchanges in flight: nothing minted lives on`, async (t) => {
    const service = await startService(t)
    for (let round = 0; round < effort(2, 10); round++) {
      const user = await service.register(`ada${round}`)
      const { accessToken, refreshToken } = await service.login(user.username)
      const second = await service.login(user.username)
      const flights = times(40, (index) =>
        index % 2 === 0 ? service.refresh(refreshToken) : service.exchange(second.accessToken),
      )
      const revocation = revoke(service, accessToken, user.id)
      const answers = await Promise.all(flights)
      await revocation
      if (name === 'logout')
        await service.request('/api/auth/logout', { method: 'POST', bearer: second.accessToken })
      await nothingLives(service, answers)
    }
  })
}

async function nothingLives(service: Service, answers: readonly Answer[]): Promise<void> {
  const refreshTokens = new Set(answers.map(({ body }) => body.data?.refresh_token).filter((token) => token))
  const accessTokens = new Set(
    answers.map(({ body }) => body.data?.access_token ?? body.access_token).filter((token) => token),
  )
  for (const token of refreshTokens) assert.notEqual((await service.refresh(token)).status, 200)
  for (const token of accessTokens) {
    assert.notEqual((await service.request('/api/auth/me', { bearer: token })).status, 200)
    assert.notEqual((await service.exchange(token)).status, 200)
  }
}

test('a password change among refreshes ends the other sessions, and this one goes on', async (t) => {
  const service = await startService(t)
  await service.register()
  let password = PASSWORD
  for (let round = 0; round < effort(2, 5); round++) {
    const credentials = { username: 'ada', password }
    const log = async () => (await service.request('/api/auth/login', { json: credentials })).body.data
    const [mine, other] = [await log(), await log()]
    const flights = times(20, () => service.refresh(other.refresh_token))
    const next = `${PASSWORD} ${round}`
    const change = service.request('/api/auth/password', {
      bearer: mine.access_token,
      json: { current_password: password, new_password: next },
    })
    const late = change.then(() => service.refresh(other.refresh_token))
    const answers = await Promise.all([...flights, late])
    assert.equal((await change).status, 200)
    assert.notEqual((await late).status, 200)
    await nothingLives(service, answers)
    assert.equal((await service.refresh((await change).body.data.refresh_token)).status, 200)
    password = next
  }
})

test('a password change among exchanges and refreshes of its own session: nothing of them is accepted after it', async (t) => {
  const service = await startService(t)
  await service.register()
  let password = PASSWORD
  for (let round = 0; round < effort(2, 5); round++) {
    const log = async () => (await service.tryLogin(password)).body.data
    const mine = await log()
    const access = [mine.access_token]
    let refreshToken = mine.refresh_token
    for (let count = 0; count < 8; count++) {
      const { data } = (await service.refresh(refreshToken)).body
      access.push(data.access_token)
      refreshToken = data.refresh_token
    }
    const flights = access.slice(1).map(async (token) => {
      let last = token
      for (let hop = 0; hop < 5; hop++) {
        const { status, body } = await service.exchange(last)
        if (status !== 200) break
        last = body.access_token
      }
      return last
    })
    const refreshed = service.refresh(refreshToken)
    const next = `${PASSWORD} ${round}`
    const change = await service.request('/api/auth/password', {
      bearer: access[0],
      json: { current_password: password, new_password: next },
    })
    assert.equal(change.status, 200)
    const { access_token, refresh_token } = change.body.data
    for (const token of await Promise.all(flights)) {
      assert.equal((await service.exchange(token)).status, 401)
      assert.equal((await service.request('/api/auth/me', { bearer: token })).status, 401)
    }
    const early = (await refreshed).body.data?.refresh_token
    if (early !== undefined) assert.equal((await service.refresh(early)).status, 401)
    assert.equal((await service.request('/api/auth/me', { bearer: access_token })).status, 200)
    assert.equal((await service.refresh(refresh_token)).status, 200)
    password = next
  }
})

test('a login that was checked before a password change opens nothing after it', async (t) => {
  const service = await startService(t)
  await service.register()
  const { accessToken } = await service.login()
  const change = service.request('/api/auth/password', {
    bearer: accessToken,
    json: { current_password: PASSWORD, new_password: 'another one entirely' },
  })
  const logins = await Promise.all(
    times(20, () => service.request('/api/auth/login', { json: { username: 'ada', password: PASSWORD } })),
  )
  assert.equal((await change).status, 200)
  for (const { status, body } of logins) {
    if (status === 200) assert.equal((await service.refresh(body.data.refresh_token)).status, 401)
    else assert.equal(status, 401)
  }
})

test('two password changes at once: one wins, the other changes nothing', async (t) => {
  const service = await startService(t)
  await service.register()
  const sessions = [await service.login(), await service.login()]
  const answers = await Promise.all(
    sessions.map(({ accessToken }, index) =>
      service.request('/api/auth/password', {
        bearer: accessToken,
        json: { current_password: PASSWORD, new_password: `the new one, ${index}` },
      }),
    ),
  )
  assert.equal(answers.filter(({ status }) => status === 200).length, 1)
  const winner = answers.findIndex(({ status }) => status === 200)
  const login = await service.request('/api/auth/login', {
    json: { username: 'ada', password: `the new one, ${winner}` },
  })
  assert.equal(login.status, 200)
})
