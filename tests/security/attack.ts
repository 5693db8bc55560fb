/** An attack on every endpoint: forgeries of a live token, which afterwards is as good as before. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Settings } from '../../src/config/settings.ts'
import { snapshot } from '../support/database.ts'
import type { Service, Tokens } from '../support/service.ts'
import { startService } from '../support/service.ts'
import { logIn } from '../support/session-context.ts'
import type { Endpoint, Kind } from './endpoints.ts'
import { accepted, endpoints } from './endpoints.ts'

export interface Forgery {
  readonly what: string
  readonly token: string
}

export interface Live extends Tokens {
  readonly service: Service
  readonly userId: string
}

// Milliseconds: far more than a busy machine needs, and far less than an attack on time would take.
const BOUND = 1500

/**
 * One test for each endpoint and kind of token that it takes: each forgery gets the same documented answer, nothing in
 * the database changes, and the untouched token is accepted.
 *
 * @param title the clause or the advisory
 * @param forge makes the forgeries of a live token
 */
export function attack(
  title: string,
  forge: (token: string, kind: Kind, live: Live) => readonly Forgery[],
  settings: Partial<Settings> = {},
): void {
  let service: Service
  let userId: string
  const endings: (() => unknown)[] = []
  before(async () => {
    // For all the tests of the file
    service = await startService(
      { after: (ending: () => unknown) => endings.push(ending) } as never,
      settings,
    )
    userId = (await service.register()).id
  })
  after(async () => {
    for (const end of endings) await end()
  })

  for (const endpoint of endpoints) {
    for (const kind of endpoint.kinds) {
      test(`${title}: ${endpoint.operation}, ${kind} token by ${endpoint.place}`, async () => {
        const live = { service, userId, ...(await logIn(service.core, userId)) }
        const token = kind === 'access' ? live.accessToken : live.refreshToken
        const unchanged = await snapshot(service.database)
        const events = await service.core.db.selectFrom('events').select('id').execute()
        const forgeries = forge(token, kind, live).filter((forgery) => canBeSent(endpoint, forgery.token))
        assert.ok(forgeries.length > 0)
        for (const forgery of forgeries) await refused(endpoint, service, forgery)
        assert.deepEqual(await snapshot(service.database), unchanged)
        assert.deepEqual(await service.core.db.selectFrom('events').select('id').execute(), events)
        const answer = await endpoint.present(service, token)
        assert.equal(answer.status, accepted(endpoint), `the untouched token: ${answer.text}`)
      })
    }
  }
}

async function refused(endpoint: Endpoint, service: Service, { what, token }: Forgery): Promise<void> {
  const begun = performance.now()
  const answer = await endpoint.present(service, token)
  const taken = performance.now() - begun
  const { message } = endpoint
  assert.equal(answer.status, 401, `${what}: ${answer.text}`)
  assert.deepEqual(answer.body, { status: 'error', code: 401, message }, what)
  assert.ok(taken < BOUND, `${what} took ${taken} ms`)
}

// What a header or a cookie cannot hold, or means something else there. RFC 6265 §4.1.1, RFC 9110 §5.5.
function canBeSent({ place }: Endpoint, token: string): boolean {
  if (place === 'body') return token !== ''
  if (!/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(token)) return false
  return place === 'header' || !/[\s",;\\%]/.test(token)
}
