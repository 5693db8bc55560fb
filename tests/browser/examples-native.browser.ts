/**
 * The example for React Native, with the globals of React Native: its `fetch` is that of `whatwg-fetch` over
 * XMLHttpRequest, its `AbortController` is a package. No signal has a `reason`, and there are no tabs, streams or locations.
 */
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { TestContext } from 'node:test'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createContext, runInContext } from 'node:vm'
import type { Session } from '../../src/client/index.ts'
import { PASSWORD, realClock, startService } from '../support/service.ts'
import { until } from '../support/until.ts'
import { copyExamples } from './examples/packed.ts'
import { openSite } from './examples/site.ts'

interface App {
  readonly session: Session
  readonly logIn: (username: string, password: string) => Promise<string | undefined>
}

const PLATFORM = `
  import { AbortController, AbortSignal } from 'abort-controller/dist/abort-controller'
  import { fetch, Headers, Request, Response } from 'whatwg-fetch'
  Object.assign(globalThis, { AbortController, AbortSignal, fetch, Headers, Request, Response })`

/** What V8 has and Hermes has not */
const REDUCE = `
  for (const name of ['Iterator', 'SharedArrayBuffer', 'Atomics', 'WebAssembly']) delete globalThis[name]
  delete Promise.withResolvers; delete Promise.try; delete Array.fromAsync; delete Object.groupBy; delete Map.groupBy`

/** React Native's, from before the app begins. Timers are numbers, which nothing can release. */
function globals(t: TestContext, XMLHttpRequest: unknown) {
  const timers = new Map<number, NodeJS.Timeout>()
  t.after(() => timers.forEach(clearTimeout))
  return {
    XMLHttpRequest,
    // Those of its answers
    ArrayBuffer,
    Uint8Array,
    navigator: { product: 'ReactNative' },
    performance: { now: () => performance.now() },
    atob: (text: string) => atob(text),
    queueMicrotask,
    setTimeout(work: () => void, milliseconds: number) {
      const id = timers.size + 1
      timers.set(id, setTimeout(work, milliseconds))
      return id
    },
    clearTimeout: (id: number) => clearTimeout(timers.get(id)),
  }
}

/** Answers later, as that of a phone does. What it keeps outlives the app. */
function asyncStorage(kept: Map<string, string>) {
  return {
    async getItem(key: string) {
      await setImmediate()
      return kept.get(key) ?? null
    },
    async setItem(key: string, value: string) {
      await setImmediate()
      kept.set(key, value)
    },
    async removeItem(key: string) {
      await setImmediate()
      kept.delete(key)
    },
  }
}

const ABSENT = `[typeof AbortSignal.any, typeof AbortSignal.timeout, typeof ReadableStream, typeof BroadcastChannel,
  typeof location, typeof localStorage, typeof structuredClone, typeof crypto, typeof TextDecoder, typeof URL,
  typeof addEventListener, typeof DOMException, typeof navigator.locks].join()`

async function prepare(t: TestContext) {
  const service = await startService(t, {}, realClock)
  const { id } = await service.register('ada')
  const api = await openSite(t)
  const kept = new Map<string, string>()
  const ended: string[] = []
  /** The app as it is started from its icon */
  async function launch(): Promise<App> {
    const examples = copyExamples(t, service.url, api.url)
    const { XMLHttpRequest } = createRequire(`${examples.directory}/`)('xhr2')
    const context = createContext({
      ...globals(t, XMLHttpRequest),
      storage: asyncStorage(kept),
      onEnded: (reason: string) => ended.push(reason),
    })
    const run = async (program: string) =>
      runInContext(await examples.bundle(program, { format: 'iife' }), context)
    runInContext(`${REDUCE}; globalThis.self = globalThis`, context)
    await run(PLATFORM)
    await run(`
      import { createAppSession } from './react-native.ts'
      globalThis.app = createAppSession(storage, onEnded)`)
    assert.match(runInContext(ABSENT, context), /^(undefined,?){13}$/)
    return context['app']
  }
  const call = async ({ session }: App, path = '/api/things') => (await session.fetch(api.url + path)).status
  const living = async () => {
    const sessions = service.core.db.selectFrom('sessions').where('revoked_at', 'is', null)
    return sessions.select(['user_id', 'generation']).execute()
  }
  return { service, api, id, kept, ended, launch, call, living }
}

test('an app logs in, is launched again, and logs out', { timeout: 180_000 }, async (t) => {
  const { service, id, kept, ended, launch, call, living } = await prepare(t)
  const app = await launch()
  assert.equal(await call(app), 401)
  assert.equal(await app.logIn('ada', 'not this one'), 'Invalid credentials.')
  assert.equal(await app.logIn('ada', PASSWORD), undefined)
  assert.equal(await call(app), 200)

  const again = await launch()
  assert.equal(await call(again), 200)
  assert.equal(again.session.user?.id, id)
  assert.deepEqual(ended, [])
  assert.deepEqual(await living(), [{ user_id: id, generation: 0 }])

  const { refreshToken } = JSON.parse(kept.get('rekindle') ?? '{}')
  await again.session.logout()
  assert.deepEqual(ended, ['logout'])
  assert.deepEqual(await living(), [])
  assert.equal((await service.refresh(refreshToken)).status, 401)
  await until(() => kept.size === 0)
  assert.equal(await call(await launch()), 401)
})

test('one refresh for many requests that get 401, and none is lost', { timeout: 180_000 }, async (t) => {
  const { service, api, id, ended, launch, call, living } = await prepare(t)
  const app = await launch()
  await app.logIn('ada', PASSWORD)
  await call(app)
  api.refuseUsed()
  const paths = Array.from({ length: 20 }, (_, thing) => `/api/things/${thing}`)
  assert.deepEqual(await Promise.all(paths.map((path) => call(app, path))), Array(20).fill(200))
  assert.equal(api.refused(), 20)
  assert.deepEqual(await living(), [{ user_id: id, generation: 1 }])
  assert.equal(service.logged().split('"route":"/refresh_token"').length - 1, 1)

  // Without a network, the app that is launched knows its user all the same.
  await service.stop()
  const again = await launch()
  assert.equal(await call(again), 200)
  assert.equal(again.session.user?.id, id)
  assert.deepEqual(ended, [])
})
